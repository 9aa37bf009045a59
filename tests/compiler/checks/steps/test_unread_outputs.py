"""Warnings of outputs that nothing reads."""

from __future__ import annotations

import pytest

from tests.support.compiler.written_catalogues import all_findings_of, assert_warning

START = "kind: commercial_product\nid: offer\nquantity: one\n"
OFFER = START + "steps:\n  a: {activity: x, «%s}\n  b: {activity: y, after: [a]%s}\n"
OUTPUT = "output: {id: '${output.id}'}"


@pytest.mark.parametrize("key", [OUTPUT, "default_output: {id: none}"])
def test_output_that_nothing_reads_is_a_warning(key: str) -> None:
    assert_warning(OFFER % (key, ""), "output-unused", f"`{key.partition(':')[0]}` has no effect")


@pytest.mark.parametrize(
    ("own", "other"),
    [
        ("", ", with: {id: '${steps.a.output.id}'}"),
        ("", ", with: {id: '${workstreams.offer.a.outputs}'}"),
        ("", ", when: has(steps.a.output)"),
        (", undo: {activity: z, with: {id: '${output.id}'}}", ""),
        (", on_change: keep, undo: {activity: z, with: {all: '${output}'}}", ""),
    ],
)
def test_output_that_is_read_is_no_warning(own: str, other: str) -> None:
    assert [str(one) for one in all_findings_of(OFFER % (OUTPUT + own, other)) if one.code == "output-unused"] == []


def test_undo_that_reads_nothing_of_it_is_no_reader() -> None:
    assert_warning(OFFER % (OUTPUT + ", undo: {activity: z}", ""), "output-unused")
