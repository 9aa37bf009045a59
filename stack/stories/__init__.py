"""The stories that `demo --story` tells: what the product is for when things go wrong, each live and under a minute."""

from __future__ import annotations

from stack.stories import breakdown, cancel, change, delay
from stack.stories.story import Story, UnexpectedOutcome, run_story

__all__ = ["STORIES", "Story", "UnexpectedOutcome", "run_story"]

STORIES: dict[str, Story] = {story.name: story for story in (delay.STORY, breakdown.STORY, cancel.STORY, change.STORY)}
