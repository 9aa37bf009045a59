"""The geometry of charts, which templates draw as SVG. Everything is in percent of the drawing, so that it fits any
width without a script, and texts keep their size."""
