"""What an expression at some place can use, and what is certain there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import NamedTuple

from compiler.cel.syntax_tree import Path, UnparsableError, parse_expression, path_uses, present_if_true
from compiler.typecheck.types import Type


class TypeScope(NamedTuple):
    """What an expression at some place can use."""

    names: Mapping[str, Type]
    unavailable: Mapping[str, str] = {}
    """Name that is not available here → why, and what to write instead. `names` takes precedence."""
    step_ids: frozenset[str] | None = None
    """The steps of this workstream; None if outputs of steps are not available."""
    steps_by_workstream: Mapping[str, frozenset[str]] = {}
    """Workstream → its steps."""
    skip_reasons: Mapping[str, str] = {}
    """`workstream.step` of steps that may have no output → why."""
    workstream: str = ""
    previous_is_certain: bool = True
    present_paths: frozenset[Path] = frozenset()
    """Paths that certainly exist before the expression is evaluated, because the `when` next to it tested them."""
    may_be_in_unread_file: Callable[[str], bool] = str.isspace
    """Whether an unknown workstream may be in a file that could not be read."""

    def with_names(self, **more: Type) -> TypeScope:
        """The same scope with more names."""
        return self._replace(names={**self.names, **more})

    def assuming(self, condition: str | None) -> TypeScope:
        """The same scope once `condition` holds."""
        if not condition:
            return self
        try:
            assumed = _certain_paths(condition)
        except UnparsableError:
            return self
        return self._replace(present_paths=self.present_paths | assumed) if assumed else self


@lru_cache(maxsize=10_000)
def _certain_paths(condition: str) -> frozenset[Path]:
    """The paths that exist once the condition holds. Raises UnparsableError."""
    return present_if_true(parse_expression(condition)) | _unguarded_reads(condition)


def _unguarded_reads(condition: str) -> frozenset[Path]:
    """The paths that a condition uses without a test. If that is an error, it is only reported for the condition."""
    uses = [use for use in path_uses(condition) if not use.is_has_test]
    read = (use.written_path[:length] for use in uses for length in range(1, len(use.written_path) + 1))
    tested = frozenset(path for use in uses for path in use.guarded_paths)
    return frozenset(path for path in read if path not in tested)
