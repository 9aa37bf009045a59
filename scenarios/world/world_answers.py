"""The answers that a scenario's `world` gives to calls, in order, counted for each instance of a step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from compiler.language.example_answers import ExampleAnswer
from compiler.language.scenario_answers import AnswerEntry, ScenarioAnswer
from compiler.language.scenario_world import WorldEntry
from scenarios.record import Problem
from scenarios.step_references import names_step

AnsweredWork = Literal["do", "undo", "change", "poll"]


class WorldAnswers:
    def __init__(self, world: Sequence[WorldEntry]) -> None:
        self._entries = [(at, one) for at, one in enumerate(world) if isinstance(one, AnswerEntry)]
        self._uses: dict[tuple[int, str], int] = {}
        self._examples: dict[int, ExampleAnswer] = {}

    def take_example(self, step_id: str, work: AnsweredWork) -> ExampleAnswer | None:
        """Like `take`; the answer as a pretend system gives it, whatever the request is."""
        return self._as_example(self.take(step_id, work))

    def peek_example(self, step_id: str, work: AnsweredWork) -> ExampleAnswer | None:
        """The answer that `take_example` would give, which stays the next one."""
        found = self._next(step_id, work)
        return None if found is None else self._as_example(found[1])

    def _as_example(self, answer: ScenarioAnswer | None) -> ExampleAnswer | None:
        if answer is None:
            return None
        known = self._examples.get(id(answer))
        if known is None:
            known = self._examples[id(answer)] = as_example(answer)
        return known

    def take(self, step_id: str, work: AnsweredWork) -> ScenarioAnswer | None:
        """The next answer for this instance, which is used up by that. None: `world` has none."""
        if (found := self._next(step_id, work)) is None:
            return None
        position, answer = found
        self._uses[position, step_id] = self._uses.get((position, step_id), 0) + 1
        return answer

    def _next(self, step_id: str, work: AnsweredWork) -> tuple[int, ScenarioAnswer] | None:
        for position, entry in self._entries:
            if (entry.of or "do") != work or not names_step(entry.on, step_id):
                continue
            if entry.times is None or self._uses.get((position, step_id), 0) < entry.times:
                return position, entry.answer
        return None

    def unused(self) -> Iterator[Problem]:
        """Answers that no call has asked for, or fewer calls than the entry says."""
        for position, entry in self._entries:
            most = max((used for (at, _), used in self._uses.items() if at == position), default=0)
            work = f"{entry.of} of {entry.on}" if entry.of else entry.on
            if most == 0:
                yield Problem(("world", position), f"no call asked for this answer ({work})")
            elif entry.times is not None and most < entry.times:
                asked = "one call" if most == 1 else f"{most} calls"
                yield Problem(
                    ("world", position, "times"), f"{asked} asked for this answer ({work}), not {entry.times}"
                )


def as_example(answer: ScenarioAnswer) -> ExampleAnswer:
    """The answer as a pretend system gives it, whatever the request is."""
    return ExampleAnswer(
        status=answer.status,
        headers=answer.headers,
        body=answer.body,
        delay=answer.delay,
        error=answer.error,
        calls_back=answer.calls_back,
        sends=answer.sends,
    )
