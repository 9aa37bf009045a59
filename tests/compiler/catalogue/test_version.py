"""The catalogue's version: of what products, classes, workstreams and retry policies mean, not of how it is written."""

from __future__ import annotations

import pytest

from tests.support.compiler.written_catalogues import HUB, OFFER, catalogue_in

BASE = (
    OFFER + "decomposes_to: [{product: hub, when: attributes.cameras > 1}]\n"
    "steps: {go: {wait: {for: 36h}, after: [], actions: [add]}}\n"
    + HUB
    + "---\nkind: retry\nid: slow\nmax_attempts: 3\n"
)
SYSTEM = "---\nkind: system\nid: s\nbase_url: http://a\n"


def version(text: str) -> str:
    return catalogue_in(text).version


def test_version_is_a_sha_256() -> None:
    assert len(version(BASE)) == len("sha256:") + 64


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("kind: commercial_product\nid: offer", "# a comment\nid:   'offer'   # and one\nkind: commercial_product"),
        ("{milestone: true}", "\n    milestone: true\n"),
        ("for: 36h", "for: PT36H"),
        ("actions: [add]", "actions: add"),
        ("after: [], ", ""),
        ("{product: hub, when", "{when: attributes.cameras > 1, product: hub, precedence: 100, xwhen"),
        ("max_attempts: 3", "backoff: 2.0\nmax_attempts: 3"),
    ],
)
def test_writing_the_same_differently_keeps_the_version(before: str, after: str) -> None:
    assert before in BASE
    changed = BASE.replace(before, after).replace(", xwhen: attributes.cameras > 1", "")
    assert changed != BASE
    assert version(changed) == version(BASE)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("attributes.cameras > 1", "attributes.cameras > 2"),
        ("for: 36h", "for: 37h"),
        ("default: 2", "default: 3"),
        ("actions: [add]", "actions: [add, delete]"),
        ("max_attempts: 3", "max_attempts: 4"),
        ("default: indoor", "default: outdoor"),
        ("id: hub", "id: hub\nname: Hub"),
        ("label: {type: string}", "label: {type: string, default: ''}"),
        ("milestone: true", "activity: x"),
    ],
)
def test_change_of_meaning_changes_the_version(before: str, after: str) -> None:
    assert before in BASE
    assert version(BASE.replace(before, after)) != version(BASE)


def test_order_of_documents_does_not_change_the_version() -> None:
    parts = BASE.split("---\n")
    assert version("\n---\n".join(reversed(parts))) == version(BASE)


def test_systems_and_scenarios_are_not_part_of_the_version() -> None:
    assert version(BASE + SYSTEM) == version(BASE)
    assert version(BASE + SYSTEM.replace("http://a", "http://b")) == version(BASE)
    assert version(BASE + "---\nkind: scenario\nid: x\norder: {lines: []}\n") == version(BASE)


def test_classes_are_part_of_the_version() -> None:
    text = BASE + "---\nkind: product_class\nid: c\nattributes: {a: {type: integer, default: %s}}\n"
    assert version(text % 1) != version(text % 2)


def test_true_and_one_make_different_versions() -> None:
    text = BASE + "---\nkind: workstream\nid: w\nfor: offer\nsteps: {x: {activity: y, with: {a: %s}}}\n"
    assert len({version(text % written) for written in ("1", "true", "'1'", "1.5")}) == 4
