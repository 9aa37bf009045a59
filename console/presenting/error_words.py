"""What a system answered, in words for operators: without the request and the status, which the attempts show."""

from __future__ import annotations

import re

from workflows.contract.order_views import ErrorView

_ANSWER = re.compile(
    r"(?P<system>[^:\n]+), [A-Z]+ \S+: answered (?P<status>\d{3})(?: (?P<code>[^\s:]+))?(?:: (?P<text>.+))?", re.S
)
"""As activities/calls/response_outcome.py writes it."""


def message_words(message: str) -> str:
    """`Inventory Management: none left`. Another message stays as it is."""
    found = _ANSWER.fullmatch(message)
    if found is None:
        return message
    return f"{found['system']}: {found['text']}" if found["text"] else f"{found['system']} answered {found['status']}"


def error_words(error: ErrorView | None) -> str:
    """`Inventory Management: none left (out_of_stock)`; empty for None."""
    return f"{message_words(error.message)} ({error.code})" if error is not None else ""
