"""The answers that a scenario's `world` gives to notifications, in order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from compiler.language.scenario_answers import ReceiverAnswer, ReceiverEntry
from compiler.language.scenario_world import WorldEntry
from scenarios.record import Problem

ACCEPTED = ReceiverAnswer()


class ReceiverAnswers:
    def __init__(self, world: Sequence[WorldEntry]) -> None:
        self._entries = [(at, one) for at, one in enumerate(world) if isinstance(one, ReceiverEntry)]
        self._uses: Counter[int] = Counter()

    def take(self, receiver: str) -> ReceiverAnswer:
        """The next answer of the receiver, which is used up by that. Where `world` has none, it accepts."""
        for position, entry in self._entries:
            if entry.receiver == receiver and (entry.times is None or self._uses[position] < entry.times):
                self._uses[position] += 1
                return entry.answer
        return ACCEPTED

    def unused(self) -> Iterator[Problem]:
        """Answers that no notification got, or fewer than the entry says."""
        for position, entry in self._entries:
            used = self._uses[position]
            if used == 0:
                yield Problem(("world", position), f"no notification to {entry.receiver} got this answer")
            elif entry.times is not None and used < entry.times:
                sent = "one notification" if used == 1 else f"{used} notifications"
                message = f"{sent} to {entry.receiver} got this answer, not {entry.times}"
                yield Problem(("world", position, "times"), message)
