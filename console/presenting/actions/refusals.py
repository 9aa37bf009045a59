"""A refusal in words: what went wrong, everything that it says, and what is possible instead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from compiler.values import as_text
from console.presenting.actions.suggestions import Suggestion, suggestion
from operations.errors import (
    CONTENT_CONFLICT,
    ERROR_STATUSES,
    FORBIDDEN,
    LEDGER_AWAY,
    MAILBOX_FULL,
    ORDER_ENDED,
    ORDER_REJECTED,
    SERVER_BUSY,
    SERVER_ERROR,
    SERVER_UNREACHABLE,
    TIMED_OUT,
    WORKER_UNAVAILABLE,
    OperationError,
)
from views.shared.value_format import in_words
from workflows.contract.action_checks import ActionCheck
from workflows.contract.order_messages import ActionResult, RefusalCode

TITLES: Mapping[str, str] = {
    RefusalCode.NOT_FOUND: "There is no such thing",
    RefusalCode.NOT_NOW: "Not possible now",
    RefusalCode.STALE: "It has changed since you looked",
    RefusalCode.INVALID: "What was entered does not fit",
    RefusalCode.AMBIGUOUS: "It could mean several things",
    ORDER_ENDED: "The order has ended",
    ORDER_REJECTED: "The order has errors",
    CONTENT_CONFLICT: "There is another order with this id",
    WORKER_UNAVAILABLE: "No worker answers",
    SERVER_BUSY: "Temporal is busy",
    SERVER_UNREACHABLE: "Temporal cannot be reached",
    TIMED_OUT: "It takes too long",
    SERVER_ERROR: "An unexpected error",
    MAILBOX_FULL: "Too many events wait",
    LEDGER_AWAY: "The ledger does not answer",
    FORBIDDEN: "You may not do this",
}
"""Code of an error → the heading of the message."""

FACTS: Mapping[str, str] = {
    "state": "Its state now",
    "holder": "Held by",
    "steps": "Steps",
    "problems": "What does not fit",
    "missing": "What is missing",
    "readers": "Steps that need it",
    "unknown": "Unknown names",
    "known": "Names that it has",
    "time": "The time now",
    "revision": "The revision now",
    "interrupted": "How it was ended",
    "needs": "Only the ledger knows",
    "account": "Your account",
    "permission": "The permission that it needs",
    "roles": "Roles that have it",
    "queues": "Your queues",
    "number": "Version",
    "by": "By",
}
"""Key of a refusal's data → its label."""
PAST_NO_RETURN = "past_point_of_no_return"
STATES = frozenset({"state", "interrupted"})
"""Keys whose values are states."""


@dataclass(frozen=True, slots=True)
class Fact:
    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Refusal:
    title: str
    message: str
    code: str
    """As programs know it; shown small, for those who help."""
    reason: str
    facts: Sequence[Fact] = ()
    suggestions: Sequence[Suggestion] = ()
    findings: Sequence[str] = ()
    """Each with its place."""

    @property
    def status(self) -> int:
        """Of HTTP."""
        return ERROR_STATUSES.get(self.code, ERROR_STATUSES[SERVER_ERROR]).http_status


def refusal_of_error(error: OperationError) -> Refusal:
    return Refusal(
        TITLES.get(error.code, TITLES[SERVER_ERROR]),
        error.message,
        error.code,
        error.reason,
        facts(error.data),
        [suggestion(each) for each in error.alternatives],
        [finding_text(finding) for finding in error.findings],
    )


def refusal_of_check(check: ActionCheck) -> Refusal:
    code = check.code or RefusalCode.NOT_NOW
    suggestions = [suggestion(each) for each in check.alternatives]
    return Refusal(TITLES[code], check.message, code.value, check.reason, facts(check.data), suggestions)


def refusal_of_assessment(result: ActionResult) -> Refusal:
    """Of an action that points of no return stand against."""
    code = RefusalCode.NOT_NOW
    suggestions = [suggestion(each) for each in result.alternatives]
    return Refusal(TITLES[code], result.message, code.value, PAST_NO_RETURN, suggestions=suggestions)


def facts(data: Mapping[str, Any]) -> list[Fact]:
    """Everything that the data says. A key without a word of its own shows as it is."""
    return [
        Fact(FACTS.get(name, in_words(name).capitalize()), in_words(str(value)) if name in STATES else fact_text(value))
        for name, value in data.items()
        if value not in (None, "", [], {})
    ]


def fact_text(value: Any) -> str:
    if isinstance(value, list | tuple):
        return "; ".join(as_text(one) for one in value)
    return as_text(value)


def finding_text(finding: Mapping[str, Any]) -> str:
    """`line 4, column 3: unknown attribute`."""
    line, column = finding.get("line"), finding.get("column")
    place = f"Line {line}, column {column}: " if line else ""
    return f"{place}{finding.get('message', '')}"
