"""The command line over a ledger of generated orders, while Temporal is away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.command_line import NOBODY, Called, call
from tests.support.ledger.filled_ledgers import FilledLedger
from workflows.contract.states import OrderState

Ask = Callable[..., Called]


@pytest.fixture
def ask(filled: FilledLedger, monkeypatch: pytest.MonkeyPatch) -> Ask:
    monkeypatch.setenv("ORDO_LEDGER_URL", filled.engine.url.render_as_string(hide_password=False))

    def run(*arguments: object) -> Called:
        return call(*arguments, "--address", NOBODY)

    return run


def json_of(ask: Ask, *arguments: object) -> Any:
    called = ask(*arguments, "-o", "json")
    assert called.status == 0, called
    return called.json


def test_list_says_how_many_fit_and_where_it_comes_from(ask: Ask, filled: FilledLedger) -> None:
    called = ask("list", "--state", "cancelled", "--limit", 3)
    count = sum(change.order.state is OrderState.CANCELLED for change in filled.changes)
    assert called.status == 0
    assert len(called.out.splitlines()) == 4
    total, source = called.err.splitlines()
    said, cursor = total.split(" --cursor ")
    assert said == f"3 of {count} orders: {count} cancelled. The next page:"
    assert source == "From the ledger; no worker writes to it now."
    following = ask("list", "--state", "cancelled", "--limit", count, "--cursor", cursor)
    assert len(following.out.splitlines()) == 1 + count - 3
    assert "--cursor" not in following.err


@pytest.mark.parametrize("command", ["list", "tasks", "fallout"])
def test_a_search_without_result_says_what_a_search_finds(ask: Ask, command: str) -> None:
    called = ask(command, "--search", "nobody")
    assert "so `nobody` is not found inside a word" in called.err


def test_sorted_list_continues_at_its_cursor(ask: Ask) -> None:
    first = json_of(ask, "list", "--sort", "requested:asc", "--limit", 50)
    second = json_of(ask, "list", "--sort", "requested:asc", "--limit", 50, "--cursor", first["next_cursor"])
    ids = [order["order_id"] for page in (first, second) for order in page["orders"]]
    assert len(set(ids)) == 100
    assert (first["source"], first["total"], first["total_is_exact"], first["is_fed"]) == ("ledger", 3000, True, False)


def test_sorted_by_requested_completion_a_list_shows_it(ask: Ask) -> None:
    assert "Requested" in ask("list", "--sort", "requested", "--limit", 2).out
    assert "Requested" not in ask("list", "--limit", 2).out


def test_count_lists_no_order(ask: Ask, filled: FilledLedger) -> None:
    called = ask("list", "--count", "--open")
    open_orders = sum(change.order.ended_at is None for change in filled.changes)
    assert called.out.splitlines()[-1] == f"{open_orders} orders"
    assert "SO-" not in called.out
    assert json_of(ask, "list", "--count", "--customer", "C-nobody")["total"] == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("list", "--sort", "name"), "--sort: A list cannot be sorted by `name`, only by recent"),
        (("list", "--sort", "due"), "Did you mean `requested`?"),
        (("tasks", "--sort", "due:up"), "--sort: `due:up` names no direction"),
        (("tasks", "--holder", "ann", "--unclaimed"), "exclude each other"),
        (("show", "SO-0000001", "--live", "--ledger"), "exclude each other"),
        (("list", "--until", "soon"), "--until: `soon` is neither a time"),
    ],
)
def test_wrong_usage_exits_with_2(ask: Ask, arguments: tuple[str, ...], message: str) -> None:
    called = ask(*arguments)
    assert called.status == 2
    assert message in called.err


def test_wrong_cursor_is_refused(ask: Ask) -> None:
    called = ask("list", "--cursor", "Labc")
    assert called.status == 1
    assert "not one that this list returned" in called.err


def test_tasks_and_fallout_are_listed_and_grouped(ask: Ask) -> None:
    tasks = ask("tasks", "--limit", 2)
    assert tasks.out.split("\n")[0].split() == ["Order", "No.", "Step", "Queue", "Waits", "Due", "What"] or (
        "Holder" in tasks.out
    )
    assert "The next page: --cursor " in tasks.err
    total = json_of(ask, "tasks")["total"]
    assert sum(group["tasks"] for group in json_of(ask, "tasks", "--group")["groups"]) == total
    assert (
        sum(group["steps"] for group in json_of(ask, "fallout", "--group")["groups"])
        == json_of(ask, "fallout")["total"]
    )
    assert ask("tasks", "--group").out.startswith("Queue")
    assert ask("fallout", "--group").out.startswith("System")
    assert ask("tasks", "--holder", "nobody-known").out == "No task is open that fits.\n"


def test_ended_order_is_shown_with_its_history(ask: Ask, filled: FilledLedger) -> None:
    change = next(change for change in filled.changes if change.order.state is OrderState.COMPLETED)
    shown = ask("show", change.order_id)
    assert shown.status == 0
    assert shown.out.startswith(f"{change.order_id}  completed")
    assert "Steps: 12 of 12 done" in shown.out
    assert "From the ledger" in shown.err
    history = ask("history", change.order_id, "--acts")
    assert "outcome=done" in history.out
    assert "on site" in history.out
    assert ask("attempts", change.order_id).out == "There is no such attempt in the ledger.\n"
    assert ask("why", change.order_id).status == 0
    assert ask("show", change.order_id, "--live").status == 3


@pytest.mark.parametrize("command", ["show", "why"])
def test_a_running_order_from_the_ledger_says_why_it_is_from_there(
    ask: Ask, filled: FilledLedger, command: str
) -> None:
    running = next(change.order_id for change in filled.changes if change.order.ended_at is None)
    called = ask(command, running)
    assert called.status == 0
    assert f"Temporal cannot be reached at {NOBODY}" in called.err
    assert ": this is what the ledger knows, as of 20" in called.err


def test_unknown_order_is_not_found(ask: Ask) -> None:
    called = ask("attempts", "NOBODY-1")
    assert called.status == 1
    assert "The ledger has no order NOBODY-1" in called.err
