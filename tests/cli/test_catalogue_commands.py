"""`validate` and `schema`."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest

from tests.support.command_line import call

BROKEN = """\
kind: commercial_product
id: tea
nmae: Tea
stesp: {}
"""


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    (tmp_path / "tea.yaml").write_text(BROKEN)
    return tmp_path


def test_shipped_catalogue_is_valid() -> None:
    called = call("validate")
    assert (called.status, called.out) == (0, "definitions: valid, no findings\n")


def test_findings_are_printed_as_file_line_column_message(broken: Path) -> None:
    called = call("validate", broken)
    assert called.status == 1
    assert f"{broken}/tea.yaml:4:1: " in called.out
    assert f"{broken}/tea.yaml:3:1: " in called.out
    assert called.out.splitlines()[-1].endswith("2 errors")


def test_findings_json_has_the_documented_keys(broken: Path) -> None:
    found = call("validate", broken, "-o", "json").json
    assert found["ok"] is False
    assert set(found["findings"][0]) == {"file", "line", "column", "code", "message", "severity"}


def test_valid_catalogue_is_ok_in_json() -> None:
    assert call("validate", "-o", "json").json == {"ok": True, "findings": []}


def test_catalogue_file_is_checked_with_the_whole_catalogue() -> None:
    assert call("validate", "definitions/offers/home_security.yaml").status == 0
    assert call("validate", "definitions/offers").status == 0


def test_orders_are_checked_against_the_catalogue() -> None:
    assert call("validate", "orders/home_security.yaml").status == 0
    assert call("validate", "orders").status == 0
    assert call("validate", "definitions", "orders/monitoring_apps.jsonl").status == 0


def test_order_that_does_not_fit_is_a_finding_with_position(tmp_path: Path) -> None:
    file = tmp_path / "order.yaml"
    file.write_text("id: X-1\ncustomer: {id: C}\nlines:\n  - {id: '1', product: home_securty}\n")
    called = call("validate", file)
    assert called.status == 1
    assert f"{file}:4:" in called.out
    assert "home_security" in called.out


def test_schema_is_one_json_schema() -> None:
    for kind in ([], ["workstream"], ["order"]):
        jsonschema.Draft202012Validator.check_schema(call("schema", *kind).json)
