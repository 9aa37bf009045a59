"""How often the steps of an order have polled."""

from __future__ import annotations

from collections import Counter

MAX_POLLS = 10_000
"""Of one step: a poll that is never answered as its `until` wants would go on until the scenario ends."""


class PollCounts:
    """Steps are named by their positions in the plan."""

    def __init__(self) -> None:
        self._counts: Counter[int] = Counter()
        self.excessive: int | None = None
        """A step that has polled too often."""

    def count(self, position: int) -> None:
        self._counts[position] += 1
        if self._counts[position] > MAX_POLLS:
            self.excessive = position
