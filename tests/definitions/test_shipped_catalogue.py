"""The shipped catalogue is without a finding, names real systems, and takes a new offer as one new file."""

from __future__ import annotations

import shutil
from pathlib import Path

from compiler.catalogue.catalogue import Catalogue
from compiler.compile_order import compile_order
from compiler.load_catalogue import check_definitions, load_catalogue
from sandbox.app import SYSTEMS
from tests.definitions.conftest import DEFINITIONS
from tests.support.paths import ROOT

NEW_OFFER = """
kind: commercial_product
id: camera_trial
name: Camera trial
attributes:
  cameras: {type: integer, minimum: 1, maximum: 3, default: 1}
decomposes_to:
  - product: security_camera
    quantity: quantity * attributes.cameras
    attributes: {model: indoor}
  - product: monitoring_subscription
    attributes: {plan: app}
dependencies:
  monitoring_subscription.provision: [shipment.delivered]
"""


def test_the_shipped_catalogue_has_no_finding() -> None:
    assert [str(finding) for finding in check_definitions([DEFINITIONS])] == []


def test_the_definitions_are_yaml_only() -> None:
    files = [path for path in DEFINITIONS.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} == {".yaml"}


def test_every_system_of_the_catalogue_is_in_the_sandbox(catalogue: Catalogue) -> None:
    sandbox = {system.router.prefix.removeprefix("/") for system in SYSTEMS}
    assert set(catalogue.systems) == sandbox


def test_every_product_has_a_name_that_people_can_read(catalogue: Catalogue) -> None:
    assert [id_ for id_, product in catalogue.products.items() if product.name == id_] == []
    steps = [step for stream in catalogue.workstreams.values() for step in stream.steps.values()]
    assert [step.reference for step in steps if step.name == step.id] == []


def test_every_effect_on_a_system_can_be_taken_back(catalogue: Catalogue) -> None:
    """For lines that add something; what ends or changes something is not undone but ordered anew."""
    without = {
        step.reference
        for stream in catalogue.workstreams.values()
        for step in stream.steps.values()
        if step.definition.call
        and step.definition.call.method != "get"
        and "add" in step.actions
        and step.definition.undo is None
    }
    assert without == {
        "installation_visit.report",  # past its point of no return
        "lan_segment.configure",  # goes with its router
        "wan_controller.enforce",  # goes with its controller
    }


def test_a_new_offer_is_one_new_file_and_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "definitions"
    shutil.copytree(DEFINITIONS, folder)
    before = load_catalogue(folder)
    (folder / "offers" / "camera_trial.yaml").write_text(NEW_OFFER)
    catalogue = load_catalogue(folder)
    assert catalogue.version != before.version
    line = {"id": "1", "product": "camera_trial", "attributes": {"cameras": 2}}
    plan = compile_order({"id": "T-1", "customer": {"id": "C-1"}, "lines": [line]}, catalogue)
    after = {step.id: [plan.steps[position].id for position in step.after] for step in plan.steps}
    assert after == {
        "security_camera.reserve@1": [],
        "shipment.ship@1": ["security_camera.reserve@1"],
        "shipment.delivered@1": ["shipment.ship@1"],
        "monitoring_subscription.provision@1": ["shipment.delivered@1"],
    }


def test_the_definitions_of_benchmarks_load_together() -> None:
    """A benchmark that takes some of them notices no conflict with the others."""
    load_catalogue(ROOT / "benchmarks" / "definitions")
