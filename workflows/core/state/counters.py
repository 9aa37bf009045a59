"""How many steps of an order are in each state, so that nobody has to walk over all steps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from compiler.plan.plan import Plan
from workflows.contract.states import SETTLED, StepState
from workflows.core.state.step_run import StepRun


@dataclass(slots=True)
class WorkstreamCounts:
    name: str
    counts: dict[StepState, int] = field(default_factory=dict)


@dataclass(slots=True)
class StepCounters:
    """OrderRun updates these with every change of a step's state."""

    by_state: dict[StepState, int] = field(default_factory=dict)
    by_workstream: dict[str, WorkstreamCounts] = field(default_factory=dict)
    settled: int = 0
    in_flight: int = 0
    """How many activities are running."""
    open_tasks: int = 0
    """How many steps or undos a person is working on or could work on."""
    fallout: int = 0
    """How many steps or undos wait for a person's decision."""

    def recount_states(self, plan: Plan, steps: Sequence[StepRun]) -> None:
        """Count again, after a new plan or a restore. `in_flight` and `open_tasks` stay."""
        self.by_state = dict(Counter(step.state for step in steps))
        self.settled = sum(count for state, count in self.by_state.items() if state in SETTLED)
        self.fallout = sum(step.in_fallout for step in steps)
        self.by_workstream = {}
        found = Counter((plan.steps[step.position].definition_position, step.state) for step in steps)
        for (position, state), count in found.items():
            planned = plan.definitions[position]
            workstream = self.by_workstream.setdefault(planned.workstream, WorkstreamCounts(planned.workstream_name))
            workstream.counts[state] = workstream.counts.get(state, 0) + count
