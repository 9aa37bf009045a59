"""The stories of `demo --story`. Each shows live, in less than a minute, what happens when things go wrong."""

from __future__ import annotations

from stack.stories import breakdown, cancel, change, delay
from stack.stories.story import Story

STORIES: dict[str, Story] = {story.name: story for story in (delay.STORY, breakdown.STORY, cancel.STORY, change.STORY)}
