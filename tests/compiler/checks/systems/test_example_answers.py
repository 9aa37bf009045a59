"""The `example` of a system: what is found wrong with it, and that it never refuses a catalogue."""

from __future__ import annotations

from pathlib import Path

import pytest

from compiler.language.json_schema import json_schema
from compiler.load_catalogue import check_definitions, load_catalogue

OFFER = """
kind: commercial_product
id: gate
steps:
  lock: {call: {system: grid, get: /state}}
"""
SYSTEM = """---
kind: system
id: grid
base_url: http://grid.example
example:
"""


def written(folder: Path, example: str) -> Path:
    (folder / "catalogue.yaml").write_text(OFFER + SYSTEM + example)
    return folder


def test_example_with_all_keys_is_valid(tmp_path: Path) -> None:
    example = """
  - get: /{site}*
    when: request.body.power > 22 && path.site != "x" && has(request.headers.accept)
    fails: {times: 2, status: 429, headers: {Retry-After: "${string(request.body.wait)}"}, body: "${path.site}"}
    status: 201
    headers: {Location: "/connections/GC-${number}"}
    body: {id: "GC-${number}", at: "${request.time + days(2)}", who: "${request.query.who}"}
    delay: 2s
    then: {after: "${request.body.hours}h", body: {state: done}}
    calls_back: {after: 50d, when: number > 1, to: "${request.body.reply}", body: {n: "${number + 1}"}}
    sends: [{event: "${path.site}", key: "${number}", order: "${request.body.order}", after: 2d, payload: {a: 1}}]
  - error: timeout
"""
    answers = load_catalogue(written(tmp_path, example)).systems["grid"].example
    assert [answer.label for answer in answers] == ["GET /{site}*", "any request"]
    assert check_definitions([tmp_path]) == []


@pytest.mark.parametrize(
    ("example", "place", "code", "words"),
    [
        ("  - {get: /a, post: /b}", "11:5", "value-invalid", "for one method, and this has get and post"),
        ("  - {get: a}", "11:11", "value-invalid", "begins with `/`"),
        ("  - {get: /a?b=1}", "11:11", "value-invalid", "`request.query`"),
        ("  - {get: '/a/{id}/{id}'}", "11:11", "value-invalid", "occurs twice"),
        ("  - {get: '/a/{my id}'}", "11:11", "value-invalid", "`{id}`"),
        ("  - {get: '/a/{id'}", "11:11", "value-invalid", "not closed"),
        ("  - {get: '/a/${id}'}", "11:11", "value-invalid", "write `{name}`"),
        ("  - {gte: /a}", "11:6", "key-unknown", "did you mean `get`?"),
        ("  - {fails: {times: 0}}", "11:21", "value-invalid", "times"),
        ("  - {sends: {after: 1d}}", "11:6", "key-missing", "`event`"),
        ("  - {when: request.time}", "11:12", "expression-type", "true or false"),
        ("  - {get: '/a/{id}', body: {x: '${path.ids}'}}", "11:40", "name-unknown", "did you mean `id`?"),
        ("  - {body: '${order.id}'}", "11:15", "name-not-here", "knows only the `request`"),
        ("  - {when: number > 1}", "11:12", "name-unknown", "`number`"),
        ("  - {body: '${request.boddy}'}", "11:23", "name-unknown", "did you mean `body`?"),
        ("  {calls_back: {after: '${number}'}}", "11:27", "expression-type", "a duration"),
        ("  {body: '${number'}", "11:11", "expression-syntax", "not closed"),
    ],
)
def test_mistake_is_found_and_refuses_no_catalogue(
    tmp_path: Path, example: str, place: str, code: str, words: str
) -> None:
    folder = written(tmp_path, example)
    (finding,) = check_definitions([folder])
    assert (f"{finding.line}:{finding.column}", finding.code, finding.severity) == (place, code, "error")
    assert words in finding.message
    assert load_catalogue(folder).systems["grid"].base_url == "http://grid.example"


def test_mistake_elsewhere_in_the_system_refuses_the_catalogue(tmp_path: Path) -> None:
    folder = written(tmp_path, "  {body: 1}\ntimeout: soon")
    (finding,) = check_definitions([folder])
    assert finding.refuses_catalogue


def test_literal_path_is_warned_of(tmp_path: Path) -> None:
    (finding,) = check_definitions([written(tmp_path, "  {get: '/{id}', body: {id: path.id}}")])
    assert (finding.code, finding.severity) == ("text-like-expression", "warning")
    assert "`${path.id}`" in finding.message


def test_environment_with_a_wrong_example_refuses_no_catalogue(tmp_path: Path) -> None:
    folder = tmp_path / "definitions"
    folder.mkdir()
    environment = tmp_path / "environment.yaml"
    environment.write_text("kind: system\nid: grid\nbase_url: http://other.example\nexample: {colour: red}\n")
    catalogue = load_catalogue(written(folder, "  {body: 1}"), environment)
    assert catalogue.systems["grid"].base_url == "http://other.example"
    assert [finding.code for finding in check_definitions([folder], environment)] == ["key-unknown"]


def test_examples_are_not_part_of_the_version(tmp_path: Path) -> None:
    version = load_catalogue(written(tmp_path, "  {body: 1}")).version
    assert load_catalogue(written(tmp_path, "  {body: 2}")).version == version


def test_schema_has_the_keys_of_an_answer() -> None:
    properties = json_schema("system")["$defs"]["ExampleAnswer"]["properties"]
    assert {"post", "calls_back", "sends", "then", "fails", "delay", "body", "error"} <= properties.keys()
