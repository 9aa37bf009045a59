from __future__ import annotations

from datetime import UTC, datetime

from console.presenting.sentences import split_times

AT = datetime(2026, 12, 1, 8, tzinfo=UTC)


def test_times_are_parts_of_their_own() -> None:
    parts = split_times("Tried again at 2026-12-01 08:00:00 UTC, until 2026-12-01 08:00:00 UTC")
    assert [(part.text, part.at) for part in parts] == [
        ("Tried again at ", None),
        ("2026-12-01 08:00:00 UTC", AT),
        (", until ", None),
        ("2026-12-01 08:00:00 UTC", AT),
    ]


def test_instructions_name_times_by_iso_8601() -> None:
    for text in ("2026-12-01T08:00:00Z", "2026-12-01T08:00:00.000Z", "2026-12-01T09:00+01:00"):
        assert split_times(f"Visit on {text}, technician <b>T-1</b>") == [
            ("Visit on ", None),
            (text, AT),
            (", technician <b>T-1</b>", None),
        ]


def test_other_texts_stay_whole() -> None:
    for text in (
        "a person's move",
        "2026-13-45 99:00:00 UTC",
        "2026-12-01",
        "2026-12-01T08:00:00",
        "key-2026-12-01T08:00:00Z",
    ):
        assert [part.text for part in split_times(text)] == [text]
    assert split_times("") == []
