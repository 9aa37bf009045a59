"""Each pair of filter and sort that docs/ledger.md lists uses an index that filters and sorts, on both databases."""

from __future__ import annotations

import re
from random import Random

import pytest
from sqlalchemy import text

from benchmarks.ledger.order_generator import OrderGenerator
from benchmarks.ledger.pairs import OrderPair, WorkPair, order_pairs, work_pairs
from ledger.database import is_sqlite
from ledger.reading.filters.order_filter import OrderFilter
from ledger.reading.filters.work_criteria import WorkKind
from ledger.reading.filters.work_filter import WorkFilter
from ledger.reading.order_lists import order_search
from ledger.reading.order_lists.order_search import INDEXED_PAIRS
from ledger.reading.paging.sorting import OrderColumn
from ledger.retention.customer_orders import find_stored_orders
from tests.support.ledger.filled_ledgers import ORDERS, FilledLedger
from tests.support.ledger.query_plans import query_plan, sent_statements
from tests.support.paths import ROOT
from workflows.contract.states import OrderState

PAIRS = list(order_pairs(OrderGenerator(ORDERS)))
WORK = list(work_pairs())
BIG = ("orders", "order_products", "order_systems", "order_words", "steps", "order_documents", "work_items")


@pytest.fixture(scope="module")
def filled(filled: FilledLedger) -> FilledLedger:
    """PostgreSQL takes its tables for three hundred times as long: with few rows, it would rather sort them."""
    if not is_sqlite(filled.engine):
        names = ", ".join(f"'{name}'" for name in BIG)
        with filled.engine.begin() as connection:
            connection.execute(text(f"UPDATE pg_class SET reltuples = reltuples * 300 WHERE relname IN ({names})"))
    return filled


FEW = 3_000
INDEXES_OF_FEW = ("ix_orders_in_fallout", "ix_orders_interrupted")


def whole_tables_read(plan: list[str]) -> list[str]:
    tables = "|".join(BIG)
    return [step for step in plan if re.match(rf"(SCAN ({tables})$|Seq Scan ({tables}) )", step)]


def whole_indexes_read(plan: list[str]) -> list[str]:
    """On SQLite, which otherwise reads an index of all orders to find the few that no condition leads to."""
    found = [re.match(rf"SCAN ({'|'.join(BIG)}) USING (?:COVERING )?INDEX (\w+)", step) for step in plan]
    return [match[0] for match in found if match is not None and match[2] not in INDEXES_OF_FEW]


def sorts(plan: list[str]) -> list[str]:
    """On PostgreSQL, of more rows than are worth reading in the order of an index."""
    found = [re.match(r"(?:Incremental )?Sort of (\d+) rows", step) for step in plan]
    large = [match[0] for match in found if match is not None and int(match[1]) > FEW]
    return large + [step for step in plan if "ORDER BY" in step]


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: f"{pair.name}-{pair.sort}")
def test_documented_pair_of_orders_uses_an_index(
    filled: FilledLedger, pair: OrderPair, monkeypatch: pytest.MonkeyPatch
) -> None:
    criterion = pair.name if " and " in pair.name else pair.name.partition(" ")[0]
    sorts_by_index = pair.sort.column in INDEXED_PAIRS.get(None if criterion == "none" else criterion, frozenset())
    if sorts_by_index:  # as with more orders than are counted
        monkeypatch.setattr(order_search, "MAX_EXACT", 1)
    with sent_statements(filled.engine) as sent:
        filled.reader.list_orders(pair.build(Random(3)), str(pair.sort))
    pages = [(statement, parameters) for statement, parameters in sent if "sorted_0" in statement]
    for statement, parameters in sent:
        plan = query_plan(filled.engine, statement, parameters)
        assert whole_tables_read(plan) == [], statement
        if "sorted_0" not in statement:
            assert whole_indexes_read(plan) == [], statement
    if sorts_by_index and "(" not in pair.name:
        assert pages
    if sorts_by_index:
        for statement, parameters in pages:
            assert sorts(query_plan(filled.engine, statement, parameters)) == [], statement


@pytest.mark.parametrize(
    "criteria", [OrderFilter(fallout=True), OrderFilter(interrupted=True)], ids=["fallout", "ended"]
)
def test_orders_in_fallout_have_an_index_of_their_own(filled: FilledLedger, criteria: OrderFilter) -> None:
    with sent_statements(filled.engine) as sent:
        filled.reader.list_orders(criteria)
    (collected,) = [(statement, parameters) for statement, parameters in sent if statement.startswith("WITH found")]
    plan = query_plan(filled.engine, *collected)
    assert any(index in step for step in plan for index in INDEXES_OF_FEW), plan


def test_a_common_search_looks_no_order_up_that_does_not_fit(
    filled: FilledLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    if is_sqlite(filled.engine):
        pytest.skip("only PostgreSQL reads a list of the orders that fit")
    monkeypatch.setattr(order_search, "MAX_EXACT", 1)
    with sent_statements(filled.engine) as sent:
        filled.reader.list_orders(OrderFilter(search="smith"), "started")
    (page,) = [each for each in sent if "sorted_0" in each[0] and "order_words" in each[0]]
    with filled.engine.connect() as connection:
        plan = "\n".join(connection.exec_driver_sql(f"EXPLAIN {page[0]}", page[1]).scalars())
    assert "hashed SubPlan" in plan
    assert "ix_order_words_order_key" not in plan


@pytest.mark.parametrize("sort", ["recent", "started", "ended", "requested"])
def test_orders_of_a_customer_are_counted_and_sorted_from_an_index_alone(filled: FilledLedger, sort: str) -> None:
    with sent_statements(filled.engine) as sent:
        filled.reader.list_orders(OrderFilter(customer=filled.changes[0].order.customer["id"]), sort)
    (collected,) = [each for each in sent if each[0].startswith("WITH found")]
    plan = "\n".join(query_plan(filled.engine, *collected))
    own_index = r"(USING COVERING INDEX|Index Only Scan orders) ix_orders_customer_id_"
    assert re.search(own_index, plan), plan


@pytest.mark.parametrize("sort", list(OrderColumn))
@pytest.mark.parametrize("name", ["word", "product"])
def test_orders_with_known_keys_are_counted_and_sorted_from_an_index_alone(
    filled: FilledLedger, name: str, sort: OrderColumn
) -> None:
    if name == "product" and sort in INDEXED_PAIRS["product"]:
        pytest.skip("sorted by an index of products")
    criteria = OrderFilter(search="smith") if name == "word" else OrderFilter(product="offer_05")
    assert "Index Only Scan using ix_orders_of_keys" in collecting_plan(filled, criteria, sort)


@pytest.mark.parametrize("sort", sorted(INDEXED_PAIRS["product"]))
def test_orders_of_a_product_are_counted_without_those_that_are_completed(
    filled: FilledLedger, sort: OrderColumn
) -> None:
    plan = collecting_plan(filled, OrderFilter(product="offer_05"), sort)
    assert set(indexes_of_orders(plan)) == {"ix_orders_not_completed"}
    assert "Index Only Scan using ix_orders_not_completed" in plan


@pytest.mark.parametrize("sort", list(OrderColumn))
def test_orders_of_a_product_in_a_state_are_found_among_those_that_are_not_completed(
    filled: FilledLedger, sort: OrderColumn
) -> None:
    criteria = OrderFilter(product="offer_39", states=(OrderState.IN_PROGRESS,))
    plan = collecting_plan(filled, criteria, sort)
    assert "Index Only Scan using ix_orders_not_completed" in plan
    assert set(indexes_of_orders(plan)) == {"ix_orders_not_completed", "ix_orders_of_keys"}


@pytest.mark.parametrize("sort", list(OrderColumn))
def test_late_orders_are_counted_and_sorted_from_an_index_of_their_own(filled: FilledLedger, sort: OrderColumn) -> None:
    plan = collecting_plan(filled, OrderFilter(late=True), sort)
    assert "Index Only Scan using ix_orders_late" in plan
    assert set(indexes_of_orders(plan)) == {"ix_orders_late"}


def collecting_plan(filled: FilledLedger, criteria: OrderFilter, sort: OrderColumn) -> str:
    """PostgreSQL's, of the statement that counts the orders of the list. Skips on SQLite."""
    if is_sqlite(filled.engine):
        pytest.skip("SQLite has a row by its key at once")
    with sent_statements(filled.engine) as sent:
        filled.reader.list_orders(criteria, sort)
    (collected,) = [each for each in sent if each[0].startswith("WITH found")]
    with filled.engine.connect() as connection:  # without the key's index, which is preferred while it is small
        connection.execute(text("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'pk_orders'::regclass"))
        return "\n".join(connection.exec_driver_sql(f"EXPLAIN {collected[0]}", collected[1]).scalars())


def indexes_of_orders(plan: str) -> list[str]:
    return re.findall(r"using (ix_orders_\w+) on orders", plan)


@pytest.mark.parametrize("kind", ["task", "fallout"])
@pytest.mark.parametrize("name", ["word", "product"])
def test_work_of_common_orders_is_found_by_sorted_keys(filled: FilledLedger, kind: WorkKind, name: str) -> None:
    criteria = WorkFilter(search="smith") if name == "word" else WorkFilter(product="offer_00")
    if is_sqlite(filled.engine):
        pytest.skip("SQLite compares the steps one by one")
    with sent_statements(filled.engine) as sent:
        filled.reader.list_work(kind, criteria)
    (collected,) = [each for each in sent if each[0].startswith("WITH found")]
    plan = query_plan(filled.engine, *collected)
    assert [step for step in plan if re.match(rf"Index (Only )?Scan order_{name}s ", step)], plan
    assert "Index Scan work_items pk_work_items" in plan, plan
    assert not [step for step in plan if "Join" in step or "Nested Loop" in step], plan


def test_all_orders_of_a_customer_are_found_by_indexes(filled: FilledLedger) -> None:
    customer = filled.changes[0].order.customer["id"]
    with sent_statements(filled.engine) as sent:
        found = find_stored_orders(filled.engine, customer)
    assert set(found) == {each.order_id for each in filled.changes if each.order.customer["id"] == customer}
    assert len(sent) == 3
    for statement, parameters in sent:
        plan = query_plan(filled.engine, statement, parameters)
        assert whole_tables_read(plan) == whole_indexes_read(plan) == [], statement


def test_submissions_of_an_order_are_listed_and_read_by_indexes(filled: FilledLedger) -> None:
    order = filled.changes[0]
    with sent_statements(filled.engine) as sent:
        (listed,), _ = filled.reader.read_submissions(order.order_id)
        found, _ = filled.reader.read_order(order.order_id, listed.submission)
    assert found is not None
    assert listed.submission == found.head.submission == order.submission
    scans = re.compile(r"(SCAN|Seq Scan) (archived|erased)_orders")
    for statement, parameters in sent:
        plan = query_plan(filled.engine, statement, parameters)
        assert whole_tables_read(plan) == whole_indexes_read(plan) == [], statement
        assert [step for step in plan if scans.match(step)] == [], statement


@pytest.mark.parametrize(("kind", "pair"), WORK, ids=lambda value: getattr(value, "name", str(value)))
def test_lists_of_work_read_no_whole_table(filled: FilledLedger, kind: WorkKind, pair: WorkPair) -> None:
    with sent_statements(filled.engine) as sent:
        filled.reader.list_work(kind, pair.build(Random(3)), str(pair.sort))
    for statement, parameters in sent:
        assert whole_tables_read(query_plan(filled.engine, statement, parameters)) == [], statement


def test_a_scan_and_a_sort_would_be_seen(filled: FilledLedger) -> None:
    """The checks above can fail."""
    plan = query_plan(filled.engine, "SELECT order_id FROM orders ORDER BY run_id LIMIT 100", ())
    assert sorts(plan)
    if is_sqlite(filled.engine):
        assert whole_tables_read(plan)
        unguided = "SELECT key FROM orders WHERE is_current AND priority = 3"
        assert whole_indexes_read(query_plan(filled.engine, unguided, ()))


def test_the_page_of_the_documentation_lists_these_pairs() -> None:
    page = (ROOT / "docs" / "ledger.md").read_text()
    for criterion, columns in INDEXED_PAIRS.items():
        (row,) = re.findall(rf"^\| {DOCUMENTED[criterion]} \|(.*)$", page, re.MULTILINE)
        assert set(re.findall(r"`(\w+)`", row)) == {column.value for column in columns}, criterion


DOCUMENTED: dict[str | None, str] = {
    None: "no filter",
    "states": "`--state`",
    "customer": "`--customer`",
    "catalogue_version": "`--catalogue-version`",
    "product": "`--product`",
    "system": "`--system`",
    "jeopardy": "`--jeopardy`",
    "running": "`--open`",
    "started_at": "`--since`, `--until`",
    "ended_at": "`--ended-since`, `--ended-until`",
    "requested_completion": "`--requested-since`, `--requested-until`",
}
"""Criterion → the first cell of its row."""
