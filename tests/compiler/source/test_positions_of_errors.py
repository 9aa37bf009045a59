"""The place of an error in text that cannot be read: always inside the file."""

from __future__ import annotations

import pytest

from compiler.orders.reader import read_orders
from compiler.source.findings import OrderRejected
from compiler.source.yaml_reader import read_documents


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("{", (1, 2)),
        ("a: [1,\n  2", (2, 4)),
        ("a: 1\r\x1f", (2, 1)),
        ("a: 1\r\n b\x00", (2, 3)),
        ("a: 1\u2028\x1f", (2, 1)),
        (b"a: 1\r\xff", (2, 1)),
        ("ä: 1\nö\x1f".encode(), (2, 2)),
    ],
)
def test_error_has_a_place_inside_the_file(text: str | bytes, place: tuple[int, int]) -> None:
    (finding,) = read_documents(text, "file.yaml").findings
    assert (finding.line, finding.column) == place


def test_number_that_is_too_large_in_json_lines_has_a_column() -> None:
    order = '{"id": "O-1", "customer": {"id": "C"}, "lines": 9223372036854775808}'
    with pytest.raises(OrderRejected) as rejected:
        read_orders(f"{order}\n{order}", "orders.jsonl")
    assert [(one.line, one.column, one.code) for one in rejected.value.findings] == [
        (1, 49, "yaml-number"),
        (2, 49, "yaml-number"),
    ]
