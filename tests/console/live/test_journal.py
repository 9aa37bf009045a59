from __future__ import annotations

import pytest

from console.live.journal import MAX_BYTES, MAX_CHANGES, Journal, Mark, Numbering, parse_mark


def test_a_browser_gets_what_is_newer_than_its_mark() -> None:
    journal = Journal(begins_at=3)
    for number in (4, 7, 9):
        journal.add(number, b"%d" % number)
    assert [entry.number for entry in journal.since(3) or ()] == [4, 7, 9]
    assert [entry.number for entry in journal.since(6) or ()] == [7, 9]
    assert journal.since(9) == []
    assert journal.since(2) is None


@pytest.mark.parametrize(("count", "size"), [(MAX_CHANGES + 10, 10), (20, MAX_BYTES // 10)])
def test_what_is_too_old_is_a_gap(count: int, size: int) -> None:
    journal = Journal(begins_at=0)
    for number in range(1, count + 1):
        journal.add(number, b"." * size)
    assert journal.size <= MAX_BYTES
    assert len(journal.entries) <= MAX_CHANGES
    assert journal.since(0) is None
    kept = journal.since(journal.begins_at)
    assert kept is not None
    assert kept[0].number == journal.begins_at + 1
    assert kept[-1].number == count


def test_one_change_is_kept_however_large() -> None:
    journal = Journal(begins_at=0)
    journal.add(1, b"." * (MAX_BYTES + 1))
    assert journal.since(0) is not None


def test_marks_are_read_as_they_are_written() -> None:
    numbering = Numbering()
    numbering.next()
    assert parse_mark(str(numbering.mark)) == Mark(numbering.epoch, 1)


@pytest.mark.parametrize("text", ["", "12", ".12", "ab.", "ab.1x", "ab.-1", "ab.²", "ab." + "9" * 20])
def test_other_texts_are_no_marks(text: str) -> None:
    assert parse_mark(text) is None
