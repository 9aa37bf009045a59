"""The submissions of an order, one a line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from views.infrastructure.deployed_catalogue import SHORT_VERSION_LENGTH
from views.shared.state_styles import ORDER_STYLES
from views.shared.table import Cell, PlainTable
from views.shared.time_format import format_short_time
from views.shared.value_format import in_words

if TYPE_CHECKING:
    from ledger.reading.single_order.submissions import StoredSubmission


def submissions_table(submissions: Sequence[StoredSubmission]) -> PlainTable:
    rows: list[Sequence[Cell]] = [
        [
            str(each.number),
            Text(in_words(each.interrupted or each.state), style=ORDER_STYLES.get(each.state, "")),
            format_short_time(each.started_at),
            format_short_time(each.ended_at),
            str(each.revision or ""),
            (each.catalogue_version or "")[:SHORT_VERSION_LENGTH],
            ", ".join(_remarks(each)),
        ]
        for each in submissions
    ]
    headings = ["No.", "State", "Started", "Ended", "Revision", "Catalogue", "Remarks"]
    return PlainTable(headings, rows, right_aligned=(0, 4), droppable=(5,))


def _remarks(submission: StoredSubmission) -> Iterator[str]:
    if submission.is_current:
        yield "current"
    if submission.storage.archive_file is not None:
        yield "archived"
    if submission.storage.erased_at is not None:
        yield f"personal data erased (erasure {submission.storage.erasure})"
