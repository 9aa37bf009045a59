"""`new offer` writes files that are valid, and a scenario that passes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml
from rich.console import Console

from tests.support.command_line import call
from tests.support.paths import ROOT


@pytest.fixture(autouse=True)
def _work_in_a_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the shipped catalogue; the commands write to the working folder."""
    shutil.copytree(ROOT / "definitions", tmp_path / "definitions")
    shutil.copytree(ROOT / "orders", tmp_path / "orders")
    monkeypatch.chdir(tmp_path)


def files() -> set[str]:
    return {path.as_posix() for folder in ("definitions", "orders") for path in Path(folder).rglob("*.yaml")}


def test_an_offer_without_known_products_gets_a_product_and_a_pretend_system() -> None:
    before = files()
    done = call(
        "new", "offer", "garden_lights", "--attribute", "lamps:integer:1..20=4", "--attribute", "color:warm/cold"
    )
    assert done.status == 0, done.err
    assert files() - before == {
        "definitions/offers/garden_lights.yaml",
        "definitions/technical/garden_lights_delivery.yaml",
        "definitions/garden_lights_system.yaml",
        "definitions/scenarios/garden_lights.yaml",
        "orders/garden_lights.yaml",
    }
    assert call("validate", "definitions", "orders").out == "definitions, orders: valid, no findings\n"
    tested = call("test", "--fast", "-o", "json", "definitions/scenarios/garden_lights.yaml").json
    assert [(one["id"], one["passed"]) for one in tested["scenarios"]] == [("garden_lights_complete", True)]
    scenario = yaml.safe_load(Path("definitions/scenarios/garden_lights.yaml").read_text())
    assert scenario["expect"] == {
        "order": "completed",
        "calls": [{"system": "garden_lights_system", "post": "/deliveries", "times": 1}],
    }
    offer = yaml.safe_load(Path("definitions/offers/garden_lights.yaml").read_text())
    assert offer["attributes"]["lamps"] == {"type": "integer", "default": 4, "minimum": 1, "maximum": 20}
    assert Path(".ordo/schemas/definition.json").exists()  # the files' first line names it


def test_an_offer_of_known_products_asks_for_what_they_require_and_completes_their_tasks() -> None:
    done = call("new", "offer", "smart_office", "--needs", "monitoring_subscription", "--needs", "installation_visit")
    assert done.status == 0, done.err
    assert "The first scenario passes: the order is completed." in done.out
    offer = yaml.safe_load(Path("definitions/offers/smart_office.yaml").read_text())
    assert offer["attributes"] == {
        "plan": {"type": "string", "required": True, "enum": ["household", "premium", "app"]}
    }
    order = yaml.safe_load(Path("orders/smart_office.yaml").read_text())
    assert order["lines"] == [{"id": "1", "product": "smart_office", "attributes": {"plan": "household"}}]
    scenario = yaml.safe_load(Path("definitions/scenarios/smart_office.yaml").read_text())
    assert scenario["world"] == [{"when": "installation_visit.install", "after": "1h", "complete": {"outcome": "done"}}]
    assert call("test", "--fast", "smart_office_complete").status == 0


def test_an_order_that_cannot_end_yet_is_told_with_what_it_waits_for() -> None:
    done = call("new", "offer", "lone_router", "--needs", "wan_router", "--value", "site_id=bonn")
    assert done.status == 0, done.err
    assert (
        "In the first scenario the order is in_progress at the end. It waits for\n  wan_router.register@1: " in done.out
    )
    assert call("test", "--fast", "lone_router_complete").status == 0


def test_nothing_is_written_over_or_half() -> None:
    Path("orders/garden_lights.yaml").write_text("mine\n")
    before = files()
    done = call("new", "offer", "garden_lights")
    assert (done.status, done.err) == (2, "Error: orders/garden_lights.yaml exists already; nothing was written\n")
    assert files() == before
    assert Path("orders/garden_lights.yaml").read_text() == "mine\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("ofer", "x"), "`new` writes no ofer; write `new offer ID`"),
        (
            ("offer", "Lights"),
            "`Lights` cannot be an id: write lower-case letters, digits and _, such as garden_lights",
        ),
        (("offer", "home_security"), "There is a `home_security` already; choose another id"),
        (("offer", "billing_account"), "There is a `billing_account` already; choose another id"),
        (
            ("offer", "x", "--needs", "alarm_hup"),
            "There is no technical product `alarm_hup`; did you mean `alarm_hub`?",
        ),
        (
            ("offer", "x", "--attribute", "lamps"),
            "`lamps` is not an attribute; write for example seats:integer:1..10=1",
        ),
        (("offer", "x", "--attribute", "lamps:integr"), "There is no type `integr`; did you mean `integer`?"),
        (("offer", "x", "--attribute", "n:integer:1..3=5"), "`n:integer:1..3=5`: the default must be at most 3"),
        (("offer", "x", "--attribute", "c:warm/"), "`warm/` has an empty choice"),
        (("offer", "x", "--attribute", "n:integer:1.2.3..5"), "`n:integer:1.2.3..5` is not an attribute"),
        (("offer", "x", "--attribute", "n:integer:-..5"), "`n:integer:-..5` is not an attribute"),
        (("offer", "x", "--attribute", "größe:string"), "`größe` cannot be the name of an attribute"),
        (("offer", "x", "--attribute", "in:string"), "`in` cannot be the name of an attribute"),
        (("offer", "x", "--attribute", "n:integer", "--attribute", "n:string"), "The attribute `n` is given twice"),
        (("offer", "x", "--attribute", "n:integer:1..3=2", "--value", "n=99"), "must be at most 3"),
        (("offer", "x", "--attribute", "n:integer:1..3=2", "--value", "m=1"), "`x` has no attribute `m`; it has n"),
    ],
)
def test_wrong_input_is_told_and_writes_nothing(arguments: tuple[str, ...], message: str) -> None:
    before = files()
    done = call("new", *arguments)
    assert done.status == 2
    assert message in done.err
    assert files() == before


def test_a_name_of_several_lines_becomes_one_line() -> None:
    done = call("new", "offer", "kayak", "--name", "Kayak\nid: other # now")
    assert done.status == 0, done.err
    offer = yaml.safe_load(Path("definitions/offers/kayak.yaml").read_text())
    assert (offer["id"], offer["name"]) == ("kayak", "Kayak id: other # now")
    assert call("validate").status == 0


def test_in_a_terminal_it_asks_for_what_is_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter(["Garden lights", "GL-1", "lamps:integr", "lamps:integer=4", "", "alarm_hup", "alarm_hub", ""])
    monkeypatch.setattr("cli.commands.authoring.new_offer.can_prompt", lambda _session: True)
    monkeypatch.setattr(Console, "input", lambda *_arguments, **_options: next(answers))
    done = call("new", "offer", "garden_lights")
    assert done.status == 0, done.err
    assert "There is no type `integr`" in done.err
    assert "There is no technical product `alarm_hup`" in done.err
    offer = yaml.safe_load(Path("definitions/offers/garden_lights.yaml").read_text())
    assert (offer["name"], offer["code"]) == ("Garden lights", "GL-1")
    assert offer["attributes"] == {"lamps": {"type": "integer", "default": 4}}
    assert offer["decomposes_to"] == [{"product": "alarm_hub"}]
    assert list(answers) == []


def test_choices_of_whole_numbers_are_numbers() -> None:
    done = call("new", "offer", "lease", "--attribute", "term:24/36/48=36", "--attribute", "postcode:01067/10115")
    assert done.status == 0, done.err
    offer = yaml.safe_load(Path("definitions/offers/lease.yaml").read_text())
    assert offer["attributes"]["term"] == {"type": "integer", "default": 36, "enum": [24, 36, 48]}
    assert offer["attributes"]["postcode"] == {"type": "string", "required": True, "enum": ["01067", "10115"]}


def test_it_starts_a_catalogue_of_its_own() -> None:
    assert call("new", "offer", "Garden", "--definitions", "lights").status == 2
    assert not Path("lights").exists()
    done = call("new", "offer", "garden_lights", "--definitions", "lights")
    assert done.status == 0, done.err
    assert "  plan orders/garden_lights.yaml --definitions lights" in done.out
    assert call("validate", "lights").out == "lights: valid, no findings\n"
    assert call("test", "--fast", "--definitions", "lights").status == 0
