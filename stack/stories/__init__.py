"""The stories that `demo --story` tells: what the product is for when things go wrong, each live and under a minute."""

from __future__ import annotations

from stack.stories import breakdown, cancel, change, delay
from stack.stories.story import NotAsTold, Story, tell

__all__ = ["STORIES", "NotAsTold", "Story", "tell"]

STORIES: dict[str, Story] = {story.name: story for story in (delay.STORY, breakdown.STORY, cancel.STORY, change.STORY)}
