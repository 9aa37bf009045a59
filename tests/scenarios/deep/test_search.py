"""Generated orders show what goes wrong with an order that the declarations allow."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from compiler.compile_order import compile_with_warnings
from compiler.generation.orders import OrderGenerator
from compiler.incremental_loader import IncrementalLoader
from compiler.loaded_definitions import LoadedDefinitions
from scenarios.deep.report import examples, save_examples
from scenarios.deep.search import DeepResult, search
from scenarios.load import load_suite
from scenarios.run import run_one

CEASED = "steps: {go: {milestone: true}, stop: {milestone: true, actions: [delete]}}"
OFFER = """
kind: commercial_product
id: offer
attributes:
  size: {type: string, enum: [small, large], default: small}
  rooms: {type: list, items: {type: string}, default: []}
"""


def load(folder: Path, text: str) -> LoadedDefinitions:
    (folder / "offer.yaml").write_text(text, encoding="utf-8")
    loaded = IncrementalLoader([folder]).load()
    assert not loaded.refused, loaded.findings
    return loaded


def deep(folder: Path, text: str) -> DeepResult:
    loaded = load(folder, text)
    return search(loaded.catalogue, list(loaded.index.definitions.scenarios.values()), budget=60)


def test_catalogue_without_faults_shows_nothing(tmp_path: Path) -> None:
    result = deep(tmp_path, f"{OFFER}steps: {{go: {{milestone: true, actions: [add, modify, delete]}}}}\n")
    assert result.troubles == []
    assert result.is_complete
    assert result.orders > 20


def test_smallest_order_is_found_once_for_each_cause(tmp_path: Path) -> None:
    text = f"""{OFFER}
decomposes_to: [{{product: box, attributes: {{depot: {{from: attributes.size, table: {{small: Berlin}}}}}}}}]
steps: {{go: {{milestone: true, actions: [add, modify, delete]}}}}
---
kind: technical_product
id: box
attributes: {{depot: {{type: string}}}}
steps: {{ship: {{milestone: true, actions: [add, modify, delete]}}}}
"""
    (found,) = deep(tmp_path, text).troubles
    assert found.trouble.code == "allowed-order-rejected"
    assert "table-without-row" in found.trouble.message
    assert (found.trouble.place.line, found.trouble.place.column) == (8, 17)
    assert found.order["lines"] == [{"id": "1", "product": "offer", "attributes": {"size": "large"}}]
    assert found.count > 10


def test_scenario_that_expects_the_rejection_makes_it_intended(tmp_path: Path) -> None:
    text = f"""{OFFER}
steps: {{go: {{milestone: true}}, stop: {{milestone: true, actions: [delete]}}}}
---
kind: scenario
id: no_changes
order: {{id: A-1, lines: [{{id: "1", product: offer, action: modify}}]}}
expect: {{order: {{rejected: line-without-work}}}}
"""
    result = deep(tmp_path, text)
    assert result.troubles == []
    assert [one.trouble.subject for one in result.intended] == ["offer"]


def test_step_that_waits_for_ever_gives_a_scenario_that_fails(tmp_path: Path) -> None:
    wait = "{condition: attributes.size == 'small'}"
    text = f"{OFFER}steps: {{ready: {{wait: {wait}, actions: [add, modify, delete]}}}}\n"
    result = deep(tmp_path, text)
    (found,) = result.troubles
    assert found.trouble.code == "plan-stuck"
    assert found.trouble.subject == "offer.ready"
    assert found.order["lines"] == [{"id": "1", "product": "offer", "attributes": {"size": "large"}}]
    (example,) = examples(result)
    (tmp_path / "shown").mkdir()
    save_examples([example], tmp_path / "shown")
    (tmp_path / "definitions").mkdir()
    (tmp_path / "offer.yaml").rename(tmp_path / "definitions" / "offer.yaml")
    suite = load_suite(tmp_path / "definitions", None, [tmp_path / "shown"])
    assert suite.findings == []
    (entry,) = suite.scenarios
    failures = run_one(suite.catalogue, entry).failures
    assert len(failures) == 1
    assert "not completed" in failures[0].message


def test_everything_that_a_plan_waits_for_is_answered(tmp_path: Path) -> None:
    text = """
kind: system
id: portal
base_url: http://portal.example
---
kind: commercial_product
id: offer
no_work_for: [modify, delete, no_change]
steps:
  ask: {manual: {queue: desk, form: {answer: {type: string, enum: ["no", "yes"], required: true}}},
        fail_when: [{if: payload.answer == "no", code: refused}]}
  book: {call: {system: portal, post: /visits, body: {url: "${callback.url}"}, callback: {}}, after: [ask]}
  job:
    call: {system: portal, post: /jobs, poll: {get: "/jobs/${response.body.id}", until: response.body.state == "done"}}
  paid: {event: {name: [paid, refused], key: "${order.id}"}, fail_when: [{if: event == "refused", code: refused}]}
  free: {wait: {condition: has(order.characteristics.free) && order.characteristics.free == "yes"}}
  code: {activity: compute, with: {of: "${order.id}"}}
  use: {activity: use, with: {code: "${steps.code.output.code}"}, after: [code]}
"""
    result = deep(tmp_path, text)
    assert [one.trouble.message for one in result.troubles] == []
    assert result.not_judged == {}
    assert result.runs > 0


def test_order_files_reproduce_the_rejection(tmp_path: Path) -> None:
    loaded = load(tmp_path, OFFER + CEASED)
    (example,) = examples(search(loaded.catalogue, budget=60))
    save_examples([example], tmp_path / "deep")
    (file,) = (tmp_path / "deep").iterdir()
    order = yaml.safe_load(file.read_text(encoding="utf-8"))
    assert [one.code for one in compile_with_warnings(order, loaded.catalogue).findings] == ["line-without-work"]


def test_files_of_an_earlier_search_are_removed_and_others_are_kept(tmp_path: Path) -> None:
    loaded = load(tmp_path, OFFER + CEASED)
    folder = tmp_path / "deep"
    save_examples(examples(search(loaded.catalogue, budget=60)), folder)
    (folder / "mine.yaml").write_text("id: mine\n", encoding="utf-8")
    save_examples([], folder)
    assert [path.name for path in folder.iterdir()] == ["mine.yaml"]


@pytest.mark.parametrize("budget", [0.0, 0.02])
def test_search_ends_when_its_budget_is_used_up(tmp_path: Path, budget: float) -> None:
    loaded = load(tmp_path, f"{OFFER}steps: {{go: {{milestone: true, actions: [add, modify, delete]}}}}\n")
    assert not search(loaded.catalogue, budget=budget).is_complete


def test_the_same_seed_tries_the_same_orders(tmp_path: Path) -> None:
    loaded = load(tmp_path, f"{OFFER}steps: {{go: {{milestone: true}}}}\n")
    first, again, other = ([*OrderGenerator.of(loaded.catalogue, seed=seed).orders()] for seed in (1, 1, 2))
    assert first == again
    assert first != other


AMENDED = """
kind: system
id: stock
base_url: http://stock.example
---
kind: commercial_product
id: offer
attributes: {rooms: {type: list, items: {type: string}, default: []}}
no_work_for: [modify, delete, no_change]
steps:
  reserve:
    call: {system: stock, post: /reservations, body: {rooms: "${attributes.rooms}"}}
    undo: {call: {system: stock, delete: "/reservations/${output.id}"}}
  settle: {wait: {for: 5d}, after: [reserve]}
"""


def test_what_an_amendment_takes_back_is_answered(tmp_path: Path) -> None:
    result = deep(tmp_path, AMENDED)
    assert [one.trouble.message for one in result.troubles] == []
    assert result.amendments > 0
    assert result.not_judged == {}


def test_amendment_that_fails_gives_a_scenario_that_fails(tmp_path: Path) -> None:
    change = 'on_change: {call: {system: stock, patch: "/reservations/1", body: {first: "${attributes.rooms[0]}"}}}'
    result = deep(tmp_path, AMENDED.replace("  settle:", f"    {change}\n  settle:"))
    (found,) = result.troubles
    assert (found.trouble.code, found.trouble.subject) == ("amendment-fails", "offer.reserve")
    assert found.scenario is not None
    assert found.scenario["world"][-1]["amend"]["order"]["lines"][0].get("attributes", {}).get("rooms", []) == []


def test_refusal_by_an_example_is_intended(tmp_path: Path) -> None:
    text = f"""{OFFER}
no_work_for: [modify, delete, no_change]
steps: {{book: {{call: {{system: carrier, post: /orders, body: {{size: "${{attributes.size}}"}}}}}}}}
---
kind: system
id: carrier
base_url: http://carrier.example
example:
  - {{post: /orders, when: request.body.size == "large", status: 422}}
  - {{post: /orders, status: 201}}
"""
    result = deep(tmp_path, text)
    assert result.troubles == []
    assert [one.trouble.intended for one in result.intended] == ["an `example` of `carrier` refuses it"]
