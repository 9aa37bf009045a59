"""Why the stack cannot run, in words for the person who started it."""

from __future__ import annotations

from operations.errors import OperationError


class StackError(OperationError):
    """Exit status 1; the message says what to do."""

    def __init__(self, message: str) -> None:
        super().__init__("stack", message)
