"""`plan`."""

from __future__ import annotations

import json
import random
from pathlib import Path
from xml.etree import ElementTree

import pytest

from compiler.source.files import read_file
from tests.support.command_line import call, shell
from tests.support.compiler.random_catalogues import shuffled, write
from tests.support.paths import ROOT

ORDER = "orders/home_security.yaml"


def test_tree_in_a_pipe_has_no_frames_or_colours() -> None:
    called = call("plan", ORDER)
    assert called.status == 0
    assert called.out.startswith("Order HS-1001  for Elm Street 14 (C-42, gold)  priority 2\n")
    assert "1 order line → 6 fulfilment lines → 14 steps" in called.out
    assert not set("├└│\x1b") & set(called.out)


def test_json_is_one_document_with_the_documented_keys() -> None:
    plan = call("plan", ORDER, "-o", "json").json
    assert set(plan) == {"order_id", "catalogue_version", "order_lines", "lines", "steps", "forecast"}
    assert set(plan["forecast"]) == {"duration", "critical_path", "not_known_yet", "skipped", "steps"}
    assert {"id", "product", "quantity", "action", "parent"} <= set(plan["order_lines"][0])
    assert set(plan["lines"][0]) == {"id", "product", "per", "quantity", "action", "attributes", "sources"}
    assert {"id", "workstream", "name", "kind", "lines", "after"} <= set(plan["steps"][0])


def test_step_numbers_are_positions_in_the_document() -> None:
    steps = call("plan", ORDER, "-o", "json").json["steps"]
    tree = call("plan", ORDER).out
    for number, step in enumerate(steps, 1):
        assert f" {number} {step['name']}  {step['id']}" in tree


def test_plan_does_not_depend_on_the_hash_seed() -> None:
    answers = {
        shell("plan", "orders/managed_wan.yaml", "-o", "json", environment={"PYTHONHASHSEED": seed}).out
        for seed in ("0", "4711")
    }
    assert len(answers) == 1


def test_plan_does_not_depend_on_the_order_of_keys_and_files(tmp_path: Path) -> None:
    source = random.Random(7)
    files = sorted((ROOT / "definitions").rglob("*.yaml"))
    documents = [document for file in files for document in read_file(file).documents]
    source.shuffle(documents)
    other = write(tmp_path / "definitions", [shuffled(document.data, source) for document in documents])
    for file in ("home_security.yaml", "managed_wan.yaml", "new_branch.yaml"):
        (order,) = read_file(ROOT / "orders" / file).documents
        same = tmp_path / file
        same.write_text(json.dumps(shuffled(order.data, source)))
        as_shipped = call("plan", ROOT / "orders" / file, "-o", "json")
        assert as_shipped.status == 0
        assert call("plan", same, "-o", "json", "--definitions", other).out == as_shipped.out


def test_order_is_read_from_standard_input() -> None:
    assert call("plan", "-", stdin=Path(ORDER).read_text()).out == call("plan", ORDER).out


def test_several_orders_give_one_json_plan_per_line() -> None:
    lines = call("plan", "orders/monitoring_apps.jsonl", "-o", "json").out.splitlines()
    assert [json.loads(line)["order_id"] for line in lines] == ["APP-2002", "APP-2003", "APP-2004"]
    assert call("plan", "orders/monitoring_apps.jsonl").out.count("\nOrder APP-") == 2


def test_explain_says_what_is_in_and_out_and_why() -> None:
    text = call("plan", "orders/home_security_self_install.yaml", "--explain").out
    assert "out  1     installation_visit          `attributes.install` does not hold" in text
    assert "`attributes.cameras > 0` does not hold: attributes.cameras = 0  definitions/offers/" in text
    assert "`has(steps.ship.output)` is not known yet: it needs steps.ship.output  definitions/technical/" in text
    assert "Predecessors that are absent" in text
    document = call("plan", "orders/home_security_self_install.yaml", "--explain", "-o", "json").json
    assert {reason["subject"] for reason in document["reasons"]} == {"rule", "workstream", "step", "replacement"}
    assert {"line": "1", "name": "security_camera", "applied": False, "values": {"attributes.cameras": 0}}.items() <= (
        document["reasons"][2].items()
    )
    assert [condition["step"] for condition in document["conditions"]] == ["shipment.ship@1", "shipment.delivered@1"]


def test_the_tree_tells_expected_durations_and_the_critical_path() -> None:
    text = call("plan", ORDER).out
    assert "event shipment_delivered within 5d, usually 2 d" in text
    assert "\ncritical path, 6 steps: 5 → 6 → 7 → 11 → 13 → 4\n" in text
    assert "\nexpected duration: 3 d, until 2026-12-04 08:10:15 UTC\n" in text
    assert "\nnot counted, since their time is not known yet: step 10\n" in text


def test_rejected_order_is_exit_1_with_positions_of_findings(tmp_path: Path) -> None:
    file = tmp_path / "order.yaml"
    file.write_text(
        "id: X-1\nlines:\n  - {id: '1', product: home_security, attributes: {cameras: 99}}\n  - {id: '1'}\n"
    )
    called = call("plan", file)
    assert called.status == 1
    assert f"{file}:3:" in called.err
    assert f"{file}:4:" in called.err
    assert call("plan", file, "--explain").status == 1
    assert call("plan", file, "-o", "json").json["error"]["code"] == "rejected"


def test_names_cannot_control_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    order = {
        "id": "X-1",
        "customer": {"id": "C", "name": "\x1b[31mred\x07"},
        "lines": [{"id": "1", "product": "HS-PKG"}],
    }
    assert "\x1b" not in call("plan", "-", stdin=json.dumps(order)).out
    monkeypatch.setenv("FORCE_COLOR", "1")
    shown = call("plan", "-", stdin=json.dumps(order)).out
    assert "\x1b[31mred" not in shown
    assert "\x1b[" in shown


@pytest.mark.parametrize(
    ("picture", "start"), [("mermaid", "flowchart LR"), ("svg", "<svg"), ("html", "<!doctype html>")]
)
def test_picture_is_the_only_output(picture: str, start: str) -> None:
    called = call("plan", ORDER, "--format", picture)
    assert called.status == 0
    assert called.out.startswith(start)
    if picture == "svg":
        ElementTree.fromstring(called.out)
