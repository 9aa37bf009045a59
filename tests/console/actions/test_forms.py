"""Fields made from attributes, and what is typed into them."""

from __future__ import annotations

from typing import Any

import pytest

from compiler.language.attributes import Attribute
from compiler.source.yaml_reader import read_documents
from console.presenting.forms.attribute_fields import attribute_field, read_attributes
from console.presenting.forms.fields import Control
from console.presenting.steps.definition_excerpt import source_excerpt


def declared(**keys: Any) -> Attribute:
    return Attribute.model_validate(keys)


@pytest.mark.parametrize(
    ("attribute", "control", "help_text"),
    [
        (declared(type="string", max_length=40), Control.TEXT, "Length at most 40."),
        (declared(type="string", max_length=4_000), Control.TEXTAREA, "Length at most 4000."),
        (declared(type="integer", minimum=1, maximum=10), Control.NUMBER, "Whole number 1 to 10."),
        (declared(type="boolean"), Control.SELECT, ""),
        (declared(type="string", enum=["a", "b"], description="Which one"), Control.SELECT, "Which one."),
        (declared(type="date"), Control.DATE, ""),
        (declared(type="list", items={"type": "integer"}), Control.TEXTAREA, "One item on each line."),
        (declared(type="object"), Control.CODE, "Names and values as YAML, one on each line: `name: value`."),
    ],
)
def test_a_declaration_becomes_a_field(attribute: Attribute, control: Control, help_text: str) -> None:
    field = attribute_field("a", "a", attribute)
    assert (field.control, field.help) == (control, help_text)


def test_typed_text_becomes_values_of_the_declared_types() -> None:
    attributes = {
        "code": declared(type="string"),
        "count": declared(type="integer"),
        "weight": declared(type="number"),
        "urgent": declared(type="boolean"),
        "day": declared(type="date"),
        "ports": declared(type="list", items={"type": "integer"}),
        "site": declared(type="object"),
        "left": declared(type="string"),
    }
    typed = {
        "code": "007",
        "count": "4",
        "weight": "2.5",
        "urgent": "true",
        "day": "2026-12-01",
        "ports": "1\n2\n",
        "site": "id: S-1\nfloor: 2",
        "left": " ",
    }
    values, problems = read_attributes(attributes, typed)
    assert problems == {}
    assert values == {
        "code": "007",
        "count": 4,
        "weight": 2.5,
        "urgent": True,
        "day": "2026-12-01",
        "ports": [1, 2],
        "site": {"id": "S-1", "floor": 2},
    }


@pytest.mark.parametrize(
    ("attribute", "text", "problem"),
    [
        (declared(type="integer"), "four", "must be a whole number, and is `four`"),
        (declared(type="integer", maximum=3), "4", "must be at most 3, and is `4`"),
        (declared(type="string", required=True), "", "needs a value"),
        (declared(type="string", enum=["red"]), "rad", "must be one of red"),
        (declared(type="date"), "tomorrow", "must be a date like 2026-12-01"),
        (declared(type="object"), "a: [", "cannot be read: line"),
        (declared(type="list", items={"type": "integer"}), "1\ntwo", "must be a whole number"),
    ],
)
def test_a_value_that_does_not_fit_says_why(attribute: Attribute, text: str, problem: str) -> None:
    values, problems = read_attributes({"a": attribute}, {"x.a": text}, "x.")
    assert values == {}
    assert problems["x.a"][0].startswith(problem)


def test_a_choice_without_a_default_can_be_left_empty() -> None:
    field = attribute_field("a", "a", declared(type="string", enum=["red", "blue"]))
    assert [choice.value for choice in field.choices] == ["", "red", "blue"]
    with_default = attribute_field("a", "a", declared(type="boolean", default=False))
    assert ([choice.value for choice in with_default.choices], with_default.value) == (["true", "false"], "false")


WORKSTREAM = """\
kind: workstream
id: camera
steps:
  reserve:
    call: {system: stock, post: /reservations}

  # the second one
  ship: {manual: {queue: depot, instructions: Ship it}}
on_order: true
"""


def test_the_lines_of_a_step_are_cut_out_of_its_file() -> None:
    documents = read_documents(WORKSTREAM, "camera.yaml").documents
    first = source_excerpt(documents, "camera", "reserve")
    assert first is not None
    assert first.place == "camera.yaml, line 4"
    assert [number for number, _ in first.lines] == [4, 5]
    assert first.lines[0] == (4, "reserve:")
    last = source_excerpt(documents, "camera", "ship")
    assert last is not None
    assert last.lines == [(8, "ship: {manual: {queue: depot, instructions: Ship it}}")]
    assert source_excerpt(documents, "camera", "pack") is None
