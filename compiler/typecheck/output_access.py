"""Which outputs of steps an expression uses."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

from compiler.cel.syntax_tree import UnparsableError, path_uses

OutputAccess = tuple[Literal["steps", "workstreams"], str, str, bool]
"""Name (`steps` or `workstreams`), workstream, step, and whether it is `outputs`."""


@lru_cache(maxsize=100_000)
def outputs_read(expression: str) -> tuple[tuple[OutputAccess, int], ...]:
    """The outputs of steps that an expression uses, each with its offset. The workstream is "" for `steps`."""
    try:
        uses = path_uses(expression)
    except UnparsableError:
        return ()
    found: list[tuple[OutputAccess, int]] = []
    for use in uses:
        if use.path[0] == "steps" and len(use.path) >= 3:
            found.append((("steps", "", use.path[1], False), use.offset))
        elif use.path[0] == "workstreams" and len(use.path) >= 4:
            found.append((("workstreams", use.path[1], use.path[2], use.path[3] == "outputs"), use.offset))
    return tuple(found)
