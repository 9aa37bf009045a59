"""Reports over the orders of a period: the hand-over of a shift, durations, SLAs, fallout."""
