from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from console.presenting.order.difference import difference_summary, order_difference
from console.presenting.order.story import Story, order_story
from ledger.reading.single_order.history_page import HistoryRequest, history_page
from tests.support.order_views import START
from workflows.contract.order_changes import AmendmentRecord
from workflows.contract.order_views import HistoryEntry

BEFORE: dict[str, Any] = {
    "id": "HS-1",
    "customer": {"id": "C-1", "tier": "gold"},
    "requested_completion": "2026-12-15T17:00:00Z",
    "lines": [
        {"id": "1", "product": "home", "attributes": {"cameras": 4}, "lines": [{"id": "1.1", "product": "site"}]},
        {"id": "2", "product": "app", "quantity": 3},
    ],
}
AFTER: dict[str, Any] = {
    "id": "HS-1",
    "customer": {"id": "C-1", "tier": "platinum"},
    "lines": [
        {
            "id": "1",
            "product": "home",
            "attributes": {"cameras": 6, "install": True},
            "lines": [{"id": "1.1", "product": "site", "action": "delete"}, {"id": "1.2", "product": "site"}],
        },
    ],
}


def test_an_amendment_is_told_by_value() -> None:
    changes = order_difference(BEFORE, AFTER)
    assert [(each.subject, each.name, each.before, each.after, each.kind) for each in changes] == [
        ("order", "customer.tier", "gold", "platinum", "changed"),
        ("order", "requested_completion", "2026-12-15T17:00:00Z", "", "removed"),
        ("line 1", "attributes.cameras", "4", "6", "changed"),
        ("line 1", "attributes.install", "", "true", "added"),
        ("line 1.1", "action", "", "delete", "added"),
        ("line 2", "", "app ×3", "", "removed"),
        ("line 1.2", "", "", "site", "added"),
    ]
    assert difference_summary(changes) == "1 line added, 1 line removed, 5 values changed"
    assert difference_summary(order_difference(BEFORE, BEFORE)) == "nothing"


def test_true_is_not_one() -> None:
    changes = order_difference({"priority": 1}, {"priority": True})
    assert [(each.before, each.after) for each in changes] == [("1", "true")]


def entry(minute: int, what: str, by: str | None = None, **more: Any) -> HistoryEntry:
    return HistoryEntry(at=START + timedelta(minutes=minute), what=what, by=by, **more)


HISTORY = [
    entry(0, "accepted"),
    entry(1, "in fallout: gone", step="camera.reserve@1"),
    entry(2, "completed", "ann", step="camera.reserve@1", data={"serial": "S-1", "boxes": 2}),
    entry(3, "amended to revision 2", "ben", reason="one more"),
]
EVERYTHING = HistoryRequest()
AMENDMENT = AmendmentRecord(2, START + timedelta(minutes=3), "ben", "one more", BEFORE, AFTER)


def story_of(
    history: Sequence[HistoryEntry], amendments: Sequence[AmendmentRecord] = (), request: HistoryRequest = EVERYTHING
) -> Story:
    return order_story(request, history_page(history, request), amendments)


def test_the_latest_comes_first_with_what_people_entered() -> None:
    story = story_of(HISTORY, [AMENDMENT])
    assert [each.what for each in story.entries] == [each.what for each in reversed(HISTORY)]
    amended, completed = story.entries[:2]
    assert amended.amendment is not None
    assert amended.amendment.summary == "1 line added, 1 line removed, 5 values changed"
    assert [(row.name, row.text) for row in completed.data] == [("serial", "S-1"), ("boxes", "2")]
    assert [each.revision for each in story.amendments] == [2]


def test_only_what_is_asked_for() -> None:
    assert [each.by for each in story_of(HISTORY, request=HistoryRequest("people")).entries] == ["ben", "ann"]
    assert [each.what for each in story_of(HISTORY, request=HistoryRequest("engine")).entries] == [
        "in fallout: gone",
        "accepted",
    ]
    story = story_of(HISTORY, request=HistoryRequest(step="camera.reserve@1"))
    assert [each.what for each in story.entries] == ["completed", "in fallout: gone"]


def test_values_that_the_text_has_are_not_repeated() -> None:
    told = entry(0, "completed with S-1", "ann", data={"serial": "S-1", "boxes": 2})
    assert [row.name for row in story_of([told]).entries[0].data] == ["boxes"]
    whole = entry(0, "sent", "ann", data=[1, 2])
    assert [(row.name, row.text) for row in story_of([whole]).entries[0].data] == [("value", "[1, 2]")]


def test_a_long_history_has_pages() -> None:
    history = [entry(number, f"note {number}", "ann") for number in range(EVERYTHING.size + 5)]
    last = story_of(history, request=HistoryRequest(page=7))
    assert (last.page, last.pages, last.count) == (2, 2, EVERYTHING.size + 5)
    assert [each.what for each in last.entries] == [f"note {number}" for number in (4, 3, 2, 1, 0)]


def test_an_amendment_of_which_the_order_before_is_gone_says_so() -> None:
    story = story_of([], [AmendmentRecord(2, START, "ben", "", None, AFTER)])
    assert [(each.is_known, each.summary) for each in story.amendments] == [(False, "")]


def test_an_erased_text_is_marked() -> None:
    assert [each.what for each in story_of([entry(0, "", "ann")]).entries] == ["(erased)"]
