"""What holds of every plan, on catalogues and orders drawn at random."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from compiler.catalogue.catalogue_index import get_catalogue_index
from compiler.compile_order import compile_order, order_header
from compiler.composition.predecessors import PredecessorResolver
from compiler.composition.step_instances import StepInstanceBuilder
from compiler.decomposition.compile_context import CompileContext
from compiler.decomposition.decompose import decompose
from compiler.load_catalogue import load_catalogue
from compiler.orders.reader import order_source
from compiler.orders.validation import validate_order
from compiler.plan.bindings import order_bindings
from compiler.plan.codec import decode_plan, encode_plan
from compiler.plan.decision_log import DecisionLog
from compiler.plan.plan import Plan
from compiler.source.findings import OrderRejected
from tests.support.compiler.random_catalogues import Draw, compiled, shuffled, write
from tests.support.compiler.reference_resolver import ReferenceResolver
from tests.support.paths import ROOT

SEEDS = (*range(40), 1513)


def plan_of(seed: int, folder: Path) -> Plan | None:
    drawn = Draw(seed)
    catalogue = load_catalogue(write(folder / "catalogue", drawn.documents()))
    try:
        return compile_order(drawn.order(), catalogue)
    except OrderRejected:
        return None


@pytest.mark.parametrize("seed", SEEDS)
def test_plans_are_sound_and_survive_packing(seed: int, tmp_path: Path) -> None:
    plan = plan_of(seed, tmp_path)
    if plan is None:
        return
    lines = [line.id for line in (*plan.order_lines, *plan.fulfilment_lines)]
    steps = [step.id for step in plan.steps]
    assert len(set(lines)) == len(lines)
    assert len(set(steps)) == len(steps)
    assert all(set(line.sources) <= set(lines) for line in plan.fulfilment_lines)
    done: set[int] = set()
    waiting = dict(enumerate(plan.steps))
    while ready := [at for at, step in waiting.items() if done.issuperset(step.after)]:
        done.update(ready)
        waiting = {at: step for at, step in waiting.items() if at not in done}
    assert not waiting, "every step's turn comes"
    assert decode_plan(encode_plan(plan)) == plan
    assert encode_plan(decode_plan(encode_plan(plan))) == encode_plan(plan)


@pytest.mark.parametrize("seed", SEEDS)
def test_predecessors_are_those_of_the_rules_taken_literally(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("compiler.composition.reference_scope.LARGE_PARENT_COUNT", seed % 2 * 8)
    drawn = Draw(seed)
    index = get_catalogue_index(load_catalogue(write(tmp_path / "catalogue", drawn.documents())))
    data = drawn.order()
    form = validate_order(data, order_source(data, "order"))
    assert form.order is not None
    context = CompileContext(form, index, DecisionLog(enabled=True), order_bindings(order_header(form.order)))
    decompose(form.order, context)
    instances = StepInstanceBuilder(context)
    instances.build()
    reference = ReferenceResolver(context.graph, index, instances)
    predecessors = PredecessorResolver(context, instances)
    for instance in instances.all:
        assert {one.id for one in predecessors.resolve(instance)} == {
            one.id for one in reference.predecessors_of(instance)
        }, instance.id


@pytest.mark.parametrize("seed", range(12))
def test_plans_do_not_depend_on_the_order_of_keys_and_files(seed: int, tmp_path: Path) -> None:
    drawn = Draw(seed)
    documents, order = drawn.documents(), drawn.order()
    source = random.Random(seed)
    other = [shuffled(document, source) for document in documents]
    source.shuffle(other)
    plan = compiled(write(tmp_path / "one", documents), order)
    assert compiled(write(tmp_path / "other", other), shuffled(order, source)) == plan


def test_plans_do_not_depend_on_hash_seeds() -> None:
    sites = [
        {"id": f"2.{at}", "product": "wan_site", "attributes": {"site_id": f"s{at}", "postcode": "10115"}}
        for at in range(4)
    ]
    kickoff = {"kickoff_at": "2026-12-01T08:00:00Z"}
    order = {
        "id": "W-1",
        "customer": {"id": "C"},
        "lines": [
            {"id": "1", "product": "home_security", "attributes": {"cameras": 3, "warranty_years": 2}},
            {"id": "2", "product": "managed_wan", "lines": sites},
            {"id": "3", "product": "security_audit", "relies_on": ["1", "2"], "attributes": kickoff},
        ],
    }
    module = "tests.support.compiler.random_catalogues"
    command = [sys.executable, "-m", module, str(ROOT / "definitions"), json.dumps(order)]
    plans = {
        subprocess.run(
            command, cwd=ROOT, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in ("1", "4711")
    }
    assert len(plans) == 1
    assert "security_audit.kickoff@3" in plans.pop()


def test_compiling_again_gives_the_same_plan(tmp_path: Path) -> None:
    drawn = Draw(5)
    catalogue = load_catalogue(write(tmp_path / "catalogue", drawn.documents()))
    order = drawn.order()
    assert compile_order(order, catalogue) == compile_order(order, catalogue)
