"""Warnings of `on_change` calls whose response may take away what is read of the step's output."""

from __future__ import annotations

import pytest

from tests.support.compiler.written_catalogues import assert_warning, findings_of

CODE = "change-loses-output"
CATALOGUE = """
kind: system
id: stock
base_url: http://stock.example
example: [%s]
---
kind: commercial_product
id: offer
attributes: {model: {type: string, required: true}}
steps:
  reserve:
    %s
    «on_change: {call: {system: stock, patch: "/reservations/one", body: {model: "${attributes.model}"}%s}}
  ship: {activity: ship, after: [reserve], with: {%s}}
"""
CALL = "call: {system: stock, post: /reservations}"
UNDO = CALL + '\n    undo: {call: {system: stock, delete: "/reservations/${output.id}"}}'
OTHERS = "{post: /reservations}, {delete: '/reservations/{id}'}, {get: /*}"
READ = "id: '${steps.reserve.output.id}'"


def catalogue(patch: str, step: str = CALL, change: str = "", read: str = READ) -> str:
    return CATALOGUE % (", ".join(one for one in (patch, OTHERS) if one), step, change, read)


def example(content: str) -> str:
    return f"{{patch: '/reservations/{{id}}', {content}}}"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (catalogue(example("body: {state: changed}")), ("`id`, which step `ship` reads", '"${response.body.id}"')),
        (catalogue(example("body: {state: changed}"), UNDO, read=""), ("`id`, which its `undo` reads",)),
        (catalogue(example("body: [1]")), ("no example says that it has `id`",)),
        (catalogue(example("status: 409, body: {id: R}")), ("no example says",)),
        (catalogue(example("error: timeout")), ("no example says",)),
        (
            catalogue(example("when: request.body.model == 'a', body: {id: R}") + ", " + example("body: {n: 1}")),
            ("has `id`",),
        ),
        (
            catalogue(example("body: {id: R}"), read=READ + ", n: '${steps.reserve.output.name}'"),
            ("`name`, which step `ship` reads", '{id: "${response.body.id}", name: "${response.body.name}"}'),
        ),
        (
            catalogue(example("body: {id: R}"), change=", callback: {within: 2d}"),
            ("the payload of the callback becomes the output",),
        ),
        (
            catalogue(
                example("body: {id: R}") + ", {get: /state, body: {ready: true}}",
                change=", poll: {get: /state, until: response.body.ready, within: 2h}",
            ),
            ("has `id`",),
        ),
        (
            catalogue(example("body: {n: 1}"), "activity: reserve"),
            ('`output: {id: "${output.id}"}`',),
        ),
        (
            catalogue(example("body: {n: 1}"), "manual: {queue: desk}"),
            ('`output: {id: "${payload.id}"}`',),
        ),
    ],
)  # fmt: skip
def test_response_that_may_lack_what_is_read_is_a_warning(text: str, words: tuple[str, ...]) -> None:
    found = [one for one in findings_of(text) if one.code == CODE]
    assert len(found) == 1
    assert found[0].line == text[: text.index("«")].count("\n") + 1
    assert [word for word in words if word not in found[0].message] == []


def test_system_without_examples_does_not_say_what_its_responses_have() -> None:
    text = catalogue("").replace(f"example: [{OTHERS}]\n", "")
    assert "example:" not in text
    assert_warning(text, CODE, "no example says that it has `id`")


@pytest.mark.parametrize(
    "text",
    [
        catalogue(example("body: {id: R, state: changed}")),
        catalogue(example("body: {id: R}"), UNDO),
        catalogue(example("status: 204")),
        catalogue(example("body: '${request.body}'")),
        catalogue(example("body: {n: 1}"), CALL + "\n    output: {id: '${response.body.id}'}"),
        catalogue(example("body: {n: 1}"), read=""),
        catalogue(example("body: {n: 1}"), read="all: '${steps.reserve.output}'"),
        catalogue(example("body: {n: 1}"), read="id: '${has(steps.reserve.output.id) ? steps.reserve.output.id : 1}'"),
        catalogue(example("body: {n: 1}, calls_back: {body: {id: R}}"), change=", callback: {within: 2d}"),
        catalogue(
            example("body: {n: 1}") + ", {get: /state, body: {ready: false}, then: {after: 1m, body: {id: R}}}",
            change=", poll: {get: /state, until: has(response.body.id), within: 2h}",
        ),
        catalogue(example("body: {n: 1}")).replace("{call: {system: stock, patch", "keep #"),
    ],
)
def test_output_that_stays_or_keeps_its_fields_is_no_warning(text: str) -> None:
    assert [one for one in findings_of(text) if one.code in (CODE, "yaml-syntax", "value-invalid", "key-unknown")] == []
