"""Which kind of action an entry of an order's history records."""

from __future__ import annotations

from types import MappingProxyType

from workflows.contract import actions

OTHER = "other"
_OTHER_WORDS = {
    "returned to its queue": actions.ASSIGN.name,
    "point of no return overridden": "override",
    "points of no return overridden": "override",
    "not cancelled": actions.CANCEL.name,
    "taken over from": "take_over",
}
"""Entries of people that do not begin with the past tense of their action."""
_KINDS = MappingProxyType(
    {spec.past_tense: spec.name for spec in vars(actions).values() if isinstance(spec, actions.ActionSpec)}
    | _OTHER_WORDS
)
_LONGEST_FIRST = sorted(_KINDS, key=len, reverse=True)


def action_kind(what: str) -> str:
    """The action's name (`retry`); `override` of a point of no return; `take_over` of a step that somebody else held;
    OTHER, for example for an entry of an earlier release."""
    return next((_KINDS[text] for text in _LONGEST_FIRST if what.startswith(text)), OTHER)
