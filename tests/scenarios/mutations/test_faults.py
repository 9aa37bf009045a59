"""Which faults are put into a definition."""

from __future__ import annotations

from collections import Counter

from compiler.source.document import Document
from compiler.source.files import read_folder
from compiler.source.yaml_reader import read_documents
from scenarios.mutations.faults import FaultKind, faults_of
from tests.support.paths import ROOT

CAMERA = """kind: technical_product
id: camera
attributes: {model: {type: string, enum: [indoor, outdoor], default: indoor}}
steps:
  reserve:
    when: attributes.model == "indoor"
    after: [check, plan]
    call: {system: stock, post: /reservations, body: {sku: "cam-${attributes.model}"}}
    undo: {call: {system: stock, delete: "/reservations/${output.id}"}}
    sla: {duration: 2d}
    on_failure: [{code: timeout, do: continue}, {do: fallout, queue: stock}]
"""


def document_of(text: str) -> Document:
    [document] = read_documents(text, "camera.yaml").documents
    return document


def test_each_fault_of_a_step_is_told_by_kind_and_in_words() -> None:
    assert [(fault.kind.value, fault.what) for fault in faults_of(document_of(CAMERA))] == [
        ("wrong value", "default outdoor"),
        ("wrong condition", "always"),
        ("wrong condition", "the opposite"),
        ("lost dependency", "after without check"),
        ("lost dependency", "after without plan"),
        ("lost undo", "no undo"),
        ("wrong policy", "no on_failure"),
        ("wrong time", "no sla"),
        ("wrong call", "POST /reservationss"),
        ("wrong body", "body without sku"),
        ("wrong body", "sku is wrong"),
        ("wrong call", "DELETE /reservations/${output.id}s"),
        ("wrong policy", "no entry for timeout"),
        ("wrong policy", "no entry for other codes"),
        ("wrong policy", "queue someone_else"),
        ("wrong policy", "entries in reverse order"),
        ("wrong time", "duration twice as long"),
    ]


def test_a_fault_changes_one_place_and_names_it() -> None:
    document = document_of(CAMERA)
    fault = next(each for each in faults_of(document) if each.what == "after without plan")
    assert fault.document.data["steps"]["reserve"]["after"] == ["check"]
    assert document.data["steps"]["reserve"]["after"] == ["check", "plan"]
    assert str(fault.location) == "camera.yaml:7:20"


def test_systems_and_scenarios_have_no_faults() -> None:
    assert list(faults_of(document_of("{kind: system, id: stock, base_url: http://stock}"))) == []
    assert list(faults_of(document_of("{kind: scenario, id: one, order: {}, expect: {}}"))) == []


def test_the_shipped_catalogue_can_have_every_kind_of_fault() -> None:
    documents = read_folder(ROOT / "definitions").documents
    kinds = Counter(fault.kind for document in documents for fault in faults_of(document))
    assert set(kinds) == set(FaultKind)
