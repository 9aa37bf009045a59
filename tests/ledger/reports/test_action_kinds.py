"""What people did, as the report of a shift counts it."""

from __future__ import annotations

import pytest

from ledger.reports.action_kinds import OTHER, action_kind


@pytest.mark.parametrize(
    ("what", "kind"),
    [
        ("completed: serial=S-1", "complete"),
        ("taken over from ann", "take_over"),
        ("point of no return overridden", "override"),
        ("points of no return overridden by an amendment", "override"),
        ("an entry of an earlier release", OTHER),
    ],
)
def test_an_entry_has_the_kind_of_its_action(what: str, kind: str) -> None:
    assert action_kind(what) == kind
