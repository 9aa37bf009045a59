"""A change order may say only what changes: the rest stays as in `previous` (docs/language.md, Order)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from compiler.amendment.amend_plan import amend_plan
from compiler.catalogue.catalogue import Catalogue
from compiler.compile_order import CompilationResult, compile_with_warnings
from compiler.plan.codec import decode_plan, encode_plan
from compiler.source.findings import Finding
from tests.support.compiler.plan_sketch import Sketch, catalogue_of, line, only, order_of, rejected

LINE = """
kind: commercial_product
id: line
attributes:
  speed: {type: string, enum: [fast, ultra], default: fast}
  router: {type: string, enum: [basic, pro], default: basic}
  static_ip: {type: string}
  site: {type: string, required: true}
decomposes_to: [{product: access, attributes: {port: "${attributes.router}"}}]
---
kind: technical_product
id: access
attributes:
  speed: {type: string, required: true}
  port: {type: string, required: true}
  static_ip: {type: string}
steps:
  change: {actions: [modify, delete], milestone: true}
"""
HAD = {"speed": "fast", "router": "pro", "static_ip": "192.0.2.7", "site": "north"}


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    return catalogue_of(tmp_path_factory.mktemp("change"), LINE)


def compiled(catalogue: Catalogue, language_version: int = 2, **more: Any) -> CompilationResult:
    change = {"action": "modify", **more}
    return compile_with_warnings(order_of(line("1", "line", **change)), catalogue, language_version=language_version)


def changed(catalogue: Catalogue, **more: Any) -> Sketch:
    compilation = compiled(catalogue, **more)
    assert compilation.plan, compilation.findings
    assert compilation.warnings == ()
    return Sketch(compilation.plan)


def warned(catalogue: Catalogue, **more: Any) -> list[Finding]:
    return list(compiled(catalogue, **more).warnings)


@pytest.mark.parametrize("action", ["modify", "delete"])
def test_what_a_line_does_not_mention_stays_as_in_previous(action: str, catalogue: Catalogue) -> None:
    found = changed(
        catalogue, action=action, attributes={"speed": "ultra"}, previous={"attributes": HAD, "quantity": 3}
    )
    assert found.order_lines["1"].attributes == {**HAD, "speed": "ultra"}
    assert found.order_lines["1"].quantity == 3
    below = found.lines["access@1"]
    assert below.attributes == {"speed": "ultra", "port": "pro", "static_ip": "192.0.2.7"}
    assert below.quantity == 3
    assert below.previous is not None
    assert below.previous.attributes == {"speed": "fast", "port": "pro", "static_ip": "192.0.2.7"}


def test_what_a_line_mentions_counts(catalogue: Catalogue) -> None:
    found = changed(catalogue, quantity=1, attributes={"router": "basic"}, previous={"attributes": HAD, "quantity": 3})
    assert found.order_lines["1"].attributes == {**HAD, "router": "basic"}
    assert found.order_lines["1"].quantity == 1


def test_null_takes_a_value_away(catalogue: Catalogue) -> None:
    found = changed(catalogue, attributes={"static_ip": None, "router": None}, previous={"attributes": HAD})
    assert found.order_lines["1"].attributes == {"speed": "fast", "router": "basic", "site": "north"}
    assert "static_ip" not in found.lines["access@1"].attributes


def test_a_required_value_cannot_be_taken_away(catalogue: Catalogue) -> None:
    found = rejected(
        catalogue, line("1", "line", action="modify", attributes={"site": None}, previous={"attributes": HAD})
    )
    assert "cannot be taken away" in only(found, "attribute-missing")


def test_what_stays_need_not_be_sold_any_more(catalogue: Catalogue) -> None:
    found = changed(catalogue, attributes={"router": "pro"}, previous={"attributes": {**HAD, "speed": "slow"}})
    assert found.order_lines["1"].attributes["speed"] == "slow"


def test_a_wrong_previous_value_is_found_once(catalogue: Catalogue) -> None:
    found = rejected(catalogue, line("1", "line", action="modify", previous={"attributes": {**HAD, "speed": 7}}))
    assert "`previous.speed`" in only(found, "attribute-misfit")


def test_without_previous_defaults_are_warned_of(catalogue: Catalogue) -> None:
    (warning,) = warned(catalogue, attributes={"site": "north", "router": "pro"})
    assert (warning.code, warning.severity) == ("previous-missing", "warning")
    assert "`speed` is `fast`, `quantity` is `1`" in warning.message
    assert warned(catalogue, quantity=1, attributes=HAD) == []
    assert warned(catalogue, action="add", attributes={"site": "north"}) == []
    assert warned(catalogue, action="delete") == []


def test_components_follow_their_line(tmp_path: Path) -> None:
    text = f"""
kind: commercial_product
id: pack
attributes:
  speed: {{type: string, default: fast}}
  static_ip: {{type: string}}
  site: {{type: string, default: south}}
components: [{{product: line, quantity: quantity * 2}}]
---{LINE}"""
    had = {"attributes": {name: value for name, value in HAD.items() if name != "router"}, "quantity": 2}
    change = line("1", "pack", action="modify", attributes={"static_ip": None}, previous=had)
    plan = compile_with_warnings(order_of(change), catalogue_of(tmp_path, text)).plan
    assert plan
    component = Sketch(plan).order_lines["1.line"]
    assert component.quantity == 4
    assert component.attributes == {"speed": "fast", "router": "basic", "site": "north"}


def test_orders_that_ran_before_are_amended_by_their_own_rules(catalogue: Catalogue) -> None:
    change = {"attributes": {"speed": "ultra", "site": "north"}, "previous": {"attributes": HAD, "quantity": 3}}
    before = compiled(catalogue, language_version=1, **change)
    assert before.plan
    running = decode_plan(encode_plan(before.plan))
    assert (running.order_lines[0].attributes["router"], running.order_lines[0].quantity) == ("basic", 1)
    same = compiled(catalogue, language_version=running.language_version, **change)
    assert same.plan
    assert not same.warnings
    amendment = amend_plan(running, (), same.plan)
    assert amendment.diff.is_empty
    assert amendment.plan.language_version == 1


def test_line_is_the_same_whether_values_are_mentioned_or_stay(catalogue: Catalogue) -> None:
    had = {"attributes": HAD, "quantity": 3}
    short = changed(catalogue, attributes={"speed": "ultra"}, previous=had).order_lines["1"]
    long = changed(catalogue, attributes={**HAD, "speed": "ultra"}, quantity=3, previous=had).order_lines["1"]
    other = changed(catalogue, attributes={**HAD, "speed": "ultra"}, quantity=1, previous=had).order_lines["1"]
    assert short.request_digest == long.request_digest
    assert other.request_digest != long.request_digest
