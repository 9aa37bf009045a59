from __future__ import annotations

import pytest

from compiler.editing.hover import hover
from compiler.incremental_loader import IncrementalLoader
from tests.compiler.editing.test_completion import OFFER
from tests.support.editors.cursor_text import split_cursor
from tests.support.paths import ROOT

INDEX = IncrementalLoader([ROOT / "definitions"]).load().index
LET = OFFER + "let: {price: '2.0'}\n"
PAY = OFFER + "steps:\n  pay: {milestone: true}\n"


def words(text: str) -> str:
    found = hover(*split_cursor(text), INDEX)
    return found.markdown if found else ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("kind: retry\nmax_att‸empts: 3", "The number of attempts"),
        (OFFER + "decomposes_to:\n  - {product: alarm‸_hub}", "technical product: Alarm hub"),
        (OFFER + "decomposes_to:\n  - {product: alarm_hub, when: attributes.s‸ize == 'small'}", "How big it is."),
        (OFFER + "decomposes_to:\n  - {product: alarm_hub, when: attributes.s‸ize == 'small'}", "one of small, large"),
        (OFFER + "decomposes_to:\n  - {product: alarm_hub, when: attr‸ibutes.size == 'small'}", "attributes: object"),
        (OFFER + "decomposes_to:\n  - {product: alarm_hub, quantity: quan‸tity}", "quantity: integer"),
        (OFFER + "decomposes_to:\n  - {product: alarm_hub, quantity: math.gre‸atest(1, 2)}", "greatest of the values"),
        (OFFER + "decomposes_to:\n  - {product: alarm_hub, when: si‸ze(order.id) > 2}", "size(x)"),
        (OFFER + "decomposes_to:\n  - {product: alarm_hub, when: order.id.starts‸With('a')}", "startsWith(text)"),
        (LET + "decomposes_to:\n  - {product: alarm_hub, when: let.pr‸ice > 1.0}", "let.price: number"),
        (OFFER + "dependencies:\n  alarm_hub.res‸erve: [shipment.ship]", "calls inventory: POST /reservations"),
        (OFFER + "steps:\n  go: {call: {system: bill‸ing, get: /x}}", "system"),
        (PAY + "  go: {milestone: true, when: has(steps.pa‸y.output)}", "steps.pay: step"),
        ("id: O-1\nlines: [{id: '1', product: HS-P‸KG}]", "Home Security Package"),
        ("id: O-1\nlines: [{id: '1', product: HS-PKG, attributes: {cam‸eras: 2}}]", "integer from 0 to 16, default 2"),
    ],
)  # fmt: skip
def test_what_a_word_means(text: str, expected: str) -> None:
    assert expected in words(text)


@pytest.mark.parametrize("text", ["# com‸ment", "kind: retry\nid: sl‸ow", OFFER + "steps:\n  g‸o: {milestone: true}"])
def test_names_that_the_author_chose_have_no_meaning_of_their_own(text: str) -> None:
    assert "```" not in words(text) or "Lower-case" in words(text)


def test_the_place_is_that_of_the_word() -> None:
    text, position = split_cursor("kind: retry\nmax_att‸empts: 3")
    found = hover(text, position, INDEX)
    assert found is not None
    assert (found.start.column, found.end.column) == (0, len("max_attempts"))
