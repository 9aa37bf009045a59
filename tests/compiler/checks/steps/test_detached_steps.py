"""Warnings of steps that make something which no other step of their workstream waits for."""

from __future__ import annotations

import pytest

from tests.support.compiler.written_catalogues import assert_warning, findings_of

RESERVE = "«reserve: {activity: r, undo: {activity: z}%s}"
CHAIN = ("pick: {activity: p%s}", "ship: {activity: s, after: [pick]%s}")
STEPS = "kind: commercial_product\nid: offer\n%ssteps:\n"


def steps(*written: str, keys: str = "") -> str:
    return STEPS % keys + "".join(f"  {step}\n" for step in written)


def test_reservation_that_nothing_waits_for_is_a_warning() -> None:
    text = steps(RESERVE % "", CHAIN[0] % "", CHAIN[1] % "")
    assert_warning(text, "step-detached", "all others lead to `ship`", "`after: [reserve]`")
    assert_warning(steps(RESERVE % "", "ship: {activity: s}"), "step-detached", "lead to `ship`")


@pytest.mark.parametrize(
    "text",
    [
        steps(RESERVE % "", CHAIN[0] % ", after: [reserve]", CHAIN[1] % ""),
        steps(RESERVE % "", CHAIN[0] % "", CHAIN[1].replace("[pick]", "[pick, reserve]") % ""),
        steps(RESERVE % ", after: [pick]", CHAIN[0] % "", CHAIN[1] % ""),
        steps(RESERVE % "", CHAIN[0] % "", CHAIN[1] % "", keys="dependencies: {offer.ship: [offer.reserve]}\n"),
        steps(RESERVE % "", CHAIN[0] % "", CHAIN[1] % "", "bill: {activity: b, after: [pick]}"),
        steps(RESERVE % "", "shipped: {milestone: true}"),
        steps(RESERVE % ""),
        steps(RESERVE % "", CHAIN[0] % ", actions: [modify]", CHAIN[1] % ", actions: [modify]"),
        steps("note: {activity: n}", CHAIN[0] % "", CHAIN[1] % ""),
    ],
)
def test_step_that_has_its_place_is_no_warning(text: str) -> None:
    assert [str(one) for one in findings_of(text.replace("«", "")) if one.code == "step-detached"] == []


def test_step_of_another_workstream_may_wait_for_it() -> None:
    text = steps(RESERVE % "", CHAIN[0] % "", CHAIN[1] % "")
    other = "---\nkind: workstream\nid: other\nfor: offer\nsteps: {go: {milestone: true, after: [offer.reserve]}}\n"
    assert findings_of(text + other) == []
