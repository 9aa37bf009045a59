"""Bad input to each command: one clear message, the right exit status, no traceback."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.command_line import NOBODY, Called, call

ORDER = "orders/home_security.yaml"


def assert_clear(called: Called, status: int, *words: str) -> None:
    assert called.status == status, called
    assert "Traceback" not in called.err + called.out
    assert called.err.startswith("Error: ")
    for word in words:
        assert word in called.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["list"],
        ["show", "HS-1"],
        ["watch", "HS-1"],
        ["why", "HS-1"],
        ["why", "HS-1", "4"],
        ["fallout"],
        ["tasks", "--queue", "field_force"],
        ["retry", "HS-1", "4"],
        ["skip", "HS-1", "4"],
        ["complete", "HS-1", "4", "--data", "outcome=done"],
        ["event", "HS-1", "shipment_delivered"],
        ["set", "HS-1", "site_access=true"],
        ["start", ORDER],
    ],
    ids=lambda arguments: " ".join(arguments),
)
def test_unreachable_server_is_exit_3_with_address_and_remedies(
    arguments: list[str],
) -> None:
    called = call(*arguments, "--address", NOBODY)
    assert_clear(called, 3, NOBODY, "python starter.py up", "docker compose up")
    assert called.out == ""


@pytest.mark.parametrize("name", ["plan", "start"])
def test_missing_file_is_wrong_usage_with_the_nearest_name(name: str) -> None:
    assert_clear(call(name, "orders/home_securty.yaml"), 2, "no file orders/home_securty.yaml", "home_security.yaml")


@pytest.mark.parametrize("name", ["plan", "start"])
def test_folder_instead_of_order_is_wrong_usage(name: str) -> None:
    assert_clear(call(name, "orders"), 2, "orders is a folder", "orders/home_security.yaml")


@pytest.mark.parametrize("group", ["report", "ledger", "account"])
def test_a_group_without_a_command_names_its_commands_and_the_usage_once(group: str) -> None:
    called = call(group)
    assert_clear(called, 2, "Error: Missing command: one of ")
    assert called.err.count("Usage: ") == 1
    assert len(called.err.splitlines()) == 3
    assert ("status, migrate" in called.err) == (group == "ledger")


@pytest.mark.parametrize("name", ["plan", "start"])
def test_binary_file_is_wrong_usage(name: str, tmp_path: Path) -> None:
    (tmp_path / "order.yaml").write_bytes(b"id: \xff\xfe")
    assert_clear(call(name, tmp_path / "order.yaml"), 2, "not UTF-8 text")


@pytest.mark.parametrize("name", ["plan", "start"])
@pytest.mark.parametrize("text", ["id: [", "- 1\n- 2", "just words", ""], ids=["broken", "list", "words", "empty"])
def test_invalid_order_text_is_refused_with_position(name: str, text: str, tmp_path: Path) -> None:
    file = tmp_path / "order.yaml"
    file.write_text(text)
    assert_clear(call(name, file), 1, str(file))


def test_standard_input_is_named_in_messages() -> None:
    assert_clear(call("plan", "-", stdin="id: ["), 1, "standard input")


@pytest.mark.parametrize("name", ["validate", "plan", "start"])
def test_missing_definitions_are_refused(name: str) -> None:
    called = call(name, *([] if name == "validate" else [ORDER]), "--definitions", "nowhere")
    assert called.status == 1
    assert "nowhere" in called.out + called.err
    assert "Traceback" not in called.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["strat"], ["start"]),
        (["list", "--lat"], ["--late"]),
        (["list", "--state", "runing"], ["--state", "in_progress"]),
        (["list", "--since", "yesterday"], ["--since", "2h"]),
        (["list", "--limit", "0"], ["--limit"]),
        (["list", "-o", "xml"], ["--output", "json"]),
        (["plan"], ["ORDER"]),
        (["plan", ORDER, "--format", "png"], ["--format", "svg"]),
        (["plan", ORDER, "--format", "svg", "-o", "json"], ["--format"]),
        (["schema", "comercial_product"], ["commercial_product"]),
        (["start"], ["ORDER"]),
        (["start", ORDER, "--timeout", "3s"], ["--wait"]),
        (["start", ORDER, "--wait", "--timeout", "soon"], ["--timeout", "soon"]),
        (["start", ORDER, "--watch", "-o", "json"], ["--watch"]),
        (["start", "orders/monitoring_apps.jsonl", "--watch"], ["--watch", "--wait"]),
        (["show"], ["ID"]),
        (["retry", "HS-1"], ["STEP"]),
        (["complete", "HS-1", "4", "--data", "done"], ["NAME=VALUE"]),
        (["complete", "HS-1", "4", "--data", "@nowhere.json"], ["nowhere.json"]),
        (["complete", "HS-1", "4", "--data", "{"], ["JSON"]),
        (["complete", "HS-1", "4", "--data", "[1]"], ["object"]),
        (["event", "HS-1"], ["NAME"]),
        (["set", "HS-1"], ["NAME=VALUE"]),
        (["set", "HS-1", "carrier"], ["NAME=VALUE"]),
    ],
    ids=lambda given: " ".join(given) if isinstance(given, list) else given,
)
def test_wrong_usage_is_exit_2_and_names_the_option(arguments: list[str], words: list[str]) -> None:
    assert_clear(call(*arguments), 2, *words)


def test_invalid_address_variable_is_reported_like_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEMPORAL_ADDRESS", "not an address")
    called = call("list")
    assert called.status in (1, 3)
    assert "Traceback" not in called.err


def test_error_is_a_json_document() -> None:
    called = call("list", "--address", NOBODY, "-o", "json")
    assert called.status == 3
    assert called.json["error"]["code"] == "server_unreachable"
    assert NOBODY in called.err


def test_debug_shows_where_an_error_came_from() -> None:
    assert "Traceback" in call("list", "--address", NOBODY, "--debug").err


@pytest.mark.parametrize("arguments", [["start"], ["plan"], ["amend"], ["plan", "--explain"]])
def test_definition_where_an_order_is_expected_is_told_so(arguments: list[str]) -> None:
    called = call(*arguments, "definitions/systems.yaml")
    assert (called.status, called.out) == (2, "")
    said = "definitions/systems.yaml holds definitions (`kind: system`), and this command takes orders"
    assert called.err.splitlines() == [f"Error: {said}"]


def test_order_where_definitions_are_expected_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "order.yaml").write_text(Path(ORDER).read_text(encoding="utf-8"))
    said = "this is an order, and a definition begins with `kind: …`"
    for called in (call("validate", "--definitions", tmp_path), call("plan", ORDER, "--definitions", tmp_path)):
        assert called.status == 1
        assert said in called.out + called.err


def test_a_value_that_is_not_among_the_choices_is_told_in_plain_words() -> None:
    called = call("plan", ORDER, "--format", "png")
    assert_clear(called, 2, "Error: Invalid value for '--format': 'png' is not one of 'mermaid', 'svg', 'html'.")


def test_a_port_that_there_is_not_is_refused() -> None:
    assert_clear(call("lsp", "--tcp", "70000"), 2, "'--tcp'", "65535")
