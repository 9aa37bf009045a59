"""What may be the reason why an order is rejected."""

from __future__ import annotations

import pytest

from compiler.diff.change import ChangeKind
from compiler.diff.severity import may_reject


@pytest.mark.parametrize(
    ("path", "kind", "expected"),
    [
        (("attributes", "size", "required"), ChangeKind.REMOVED, False),
        (("attributes", "color", "enum"), ChangeKind.REMOVED, False),
        (("attributes", "tags", "items", "type"), ChangeKind.CHANGED, False),
        (("attributes", "size", "default"), ChangeKind.CHANGED, True),
        (("steps", "end", "after", "go"), ChangeKind.REMOVED, False),
        (("steps", "end", "after", "go"), ChangeKind.ADDED, True),
        (("dependencies", "line.order", "camera.deliver"), ChangeKind.REMOVED, False),
        (("dependencies", "line.order", "camera.deliver"), ChangeKind.ADDED, True),
        (("steps", "go", "call", "body"), ChangeKind.CHANGED, False),
        (("when",), ChangeKind.ADDED, True),
    ],
)
def test_only_what_makes_a_plan_impossible_is_blamed(path: tuple[str, ...], kind: ChangeKind, expected: bool) -> None:
    assert may_reject(path, kind) is expected
