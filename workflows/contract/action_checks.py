"""Which operator actions an order would allow now, and what a step is made of: two queries of FulfilOrder.

They change nothing. Clients show an action that is not possible together with the reason.
"""

from __future__ import annotations

from typing import Any

from workflows.contract.order_messages import (
    Actor,
    Alternative,
    CorrectionView,
    Message,
    RefusalCode,
    RollbackImpactView,
)

QUERY_POSSIBLE_ACTIONS = "possible_actions"  # PossibleActionsRequest → PossibleActions
QUERY_STEP_DETAILS = "step_details"  # StepDetailsRequest → StepDetails


class PossibleActionsRequest(Message):
    """With `step`: the actions on this step. With `line`: those on this line. With neither: those on the order."""

    actor: Actor
    step: str | None = None
    """The step's id or number."""
    line: str | None = None


class ActionCheck(Message):
    """What the order would answer to an action."""

    action: str
    code: RefusalCode | None = None
    """Why it would refuse; None if it is possible."""
    message: str = ""
    reason: str = ""
    data: dict[str, Any] = {}
    alternatives: list[Alternative] = []
    needs_data: bool = False
    """It is possible only with data of a person: `message` says which."""
    already: bool = False
    """There is nothing to do: `message` says why."""
    held_by: str | None = None
    """Somebody else holds the step: the action is possible only by taking it over."""
    assessment: RollbackImpactView | None = None
    """What it would do, for actions that undo something. `message` says it in a sentence."""

    @property
    def is_possible(self) -> bool:
        """Whether a request that gives what the action needs would be accepted."""
        return not self.already and (self.code is None or self.needs_data or self.held_by is not None)


class PossibleActions(Message):
    checks: list[ActionCheck]
    """In the order in which the actions are declared. `amend` and `recover` are not among them: see
    workflows/contract/actions.py."""


class StepDetailsRequest(Message):
    step: str
    """The step's id or number."""


class StepDetails(Message):
    """What a step sends, and where it is defined."""

    step: str
    workstream: str
    input: Any = None
    """What it sends, from the order as it is now: the fields of a call, or the arguments of an activity. The worker
    adds secrets to what it sends, so they are not here. None if the step sends nothing."""
    input_missing: str = ""
    """Why the input is not known (yet)."""
    undo_input: Any = None
    undo_input_missing: str = ""
    corrections: list[CorrectionView] = []
    input_names: list[str] = []
    """Names of the input that a retry can change; empty if it has no fixed names."""
    takes_input: bool = False
    """Whether a retry can change the input."""
    definition: dict[str, Any]
    """As in the YAML, without what has its default."""
    locations: list[str] = []
    """`file:line:column` of its expressions, sorted."""
