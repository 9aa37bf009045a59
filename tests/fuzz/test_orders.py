"""Shipped orders with one to three changes, wild text as an order, and wild texts of `--with`."""

from __future__ import annotations

import json
from functools import cache
from random import Random

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cli.framework.errors import UsageError
from cli.user_input.overrides import parse_with, to_overrides
from compiler.catalogue.catalogue import Catalogue
from compiler.compile_order import compile_with_warnings
from compiler.load_catalogue import load_catalogue
from compiler.orders.overrides import apply_overrides
from compiler.orders.reader import read_orders
from compiler.source.findings import OrderRejected, SourceLocation
from compiler.source.yaml_reader import read_documents
from tests.definitions.conftest import DEFINITIONS
from tests.fuzz.places import assert_sound
from tests.fuzz.profile import FUZZ, RANDOM, WILD
from tests.support.compiler.yaml_mutations import mutate
from tests.support.paths import ROOT

TEXTS = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "orders").glob("*.yaml"))]
FILE = "order.yaml"
WITH_PIECES = (
    *(
        "cameras",
        "attributes.",
        "lines.1.",
        "lines.",
        "priority",
        "=",
        "==",
        ",",
        ".",
        "..",
        "4",
        "-1",
        "1e999",
        "true",
    ),
    *("[1", "]", "{", '"', "'", " ", "null", "model", "99999999999999999999", "customer.id", "${", "\n"),
)


@cache
def catalogue() -> Catalogue:
    return load_catalogue(DEFINITIONS)


def check(text: str) -> None:
    try:
        orders = read_orders(text, FILE)
    except OrderRejected as rejected:
        assert_sound(rejected.findings, {FILE: text})
        return
    for order in orders:
        compilation = compile_with_warnings(order, catalogue(), FILE)
        assert_sound((*compilation.findings, *compilation.warnings), {FILE: text})
        assert compilation.plan is not None or compilation.findings


def check_message(message: str) -> None:
    assert message
    assert "Traceback" not in message


@FUZZ
@given(st.sampled_from(TEXTS), RANDOM)
def test_changed_orders_give_findings_or_plans(text: str, random: Random) -> None:
    documents = [document.data for document in read_documents(text, "").documents]
    for _ in range(random.choice((1, 1, 2, 3))):
        mutate(documents, random)
    check(yaml.dump_all(documents, sort_keys=False, width=random.choice((20, 80, 1000))))


@FUZZ
@given(st.sampled_from(TEXTS), RANDOM)
def test_changed_json_lines_give_findings_or_plans(text: str, random: Random) -> None:
    documents = [document.data for document in read_documents(text, "").documents]
    mutate(documents, random)
    check("\n".join(json.dumps(document) for document in documents * 2))


@FUZZ
@given(WILD)
def test_wild_text_as_an_order_gives_findings_or_plans(text: str) -> None:
    check(text.encode("utf-8", "replace").decode())


@FUZZ
@given(st.sampled_from(TEXTS), st.lists(st.sampled_from(WITH_PIECES) | st.text(max_size=3), max_size=8).map("".join))
def test_wild_overrides_give_an_order_or_a_message(text: str, override: str) -> None:
    orders = read_orders(text, FILE)
    try:
        choices = parse_with([override], orders, catalogue())
    except UsageError as error:
        check_message(str(error))
        return
    for choice in choices:
        for value in choice.values:
            overrides = to_overrides({choice.name: value})
            try:
                order = apply_overrides(orders[0], overrides, catalogue(), SourceLocation("--with"), FILE)
            except OrderRejected as rejected:
                check_message(str(rejected))
            else:
                compilation = compile_with_warnings(order, catalogue(), FILE)
                assert compilation.plan is not None or compilation.findings


@pytest.mark.parametrize("value", [[[[]] * 50], "x" * 100_000, {"a": {"b": [1] * 5_000}}, 10**400, 2.5e-320])
def test_extreme_value_of_an_attribute_is_judged(value: object) -> None:
    order = read_orders(TEXTS[0], FILE)[0]
    order["lines"][0].setdefault("attributes", {})["cameras"] = value
    compilation = compile_with_warnings(order, catalogue(), FILE)
    assert compilation.findings or compilation.plan is not None
