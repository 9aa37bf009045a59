"""Warnings of calls without an example, and of examples without a call."""

from __future__ import annotations

import pytest

from tests.support.compiler.written_catalogues import findings_of

OFFER = """
kind: commercial_product
id: offer
steps:
  order:
    call:
      system: grid
      post: /orders
      poll: {get: "/orders/${response.body.id}", within: 1d, until: response.status == 200}
    undo: {call: {system: grid, delete: "/orders/${output.id}"}}
---
{kind: system, id: grid, base_url: "http://grid.example", example: [%s]}
"""
ALL = ("{post: /orders}", "{get: '/orders/{id}'}", "{delete: '/orders/{id}'}")


@pytest.mark.parametrize(
    "example", [", ".join(ALL), "{body: 1}", "{post: '*'}, {get: '*'}, {delete: '/orders/*'}, {put: '*'}", ""]
)
def test_examples_for_every_call_are_enough(example: str) -> None:
    assert findings_of(OFFER % example) == []


@pytest.mark.parametrize(
    ("left", "what"),
    [(0, "POST /orders"), (1, "GET /orders/${response.body.id}"), (2, "DELETE /orders/${output.id}")],
)
def test_call_without_an_example_is_named_with_its_step(left: int, what: str) -> None:
    (finding,) = findings_of(OFFER % ", ".join(one for position, one in enumerate(ALL) if position != left))
    assert (finding.code, finding.severity) == ("example-missing", "warning")
    assert finding.message == f"no example answers {what}, which step `offer.order` calls"


def test_example_without_a_call_is_never_used() -> None:
    (finding,) = findings_of(OFFER % ", ".join((*ALL, "{put: '/orders/{id}'}")))
    assert (finding.code, finding.message) == (
        "example-unused",
        "no step calls PUT /orders/{id}: this example is never used",
    )
