"""Details of rows of generated orders, compared with what the orders themselves say, and with the lists of work."""

from __future__ import annotations

from ledger.reading.filters.work_filter import WorkFilter
from ledger.reading.order_lists.row_details import MAX_LINES_READ
from tests.support.ledger.filled_ledgers import FilledLedger


def test_rows_have_forecasts_and_names_of_products(filled: FilledLedger) -> None:
    by_id = {change.order_id: change for change in filled.changes[:200]}
    found = filled.reader.read_row_details([*by_id, "no-such-order"])
    assert found.keys() == by_id.keys()
    for order_id, change in by_id.items():
        assert found[order_id].forecast == change.order.forecast
        lines = (change.lines or [])[: min(change.order_line_count, MAX_LINES_READ)]
        assert found[order_id].product_names == {line.product: line.name for line in lines}
        assert found[order_id].held_by == tuple(dict.fromkeys(hold.by for hold in change.order.held))


def test_rows_name_who_has_to_act(filled: FilledLedger) -> None:
    acting = [change for change in filled.changes if change.order.fallout or change.order.open_tasks][:30]
    assert acting
    found = filled.reader.read_row_details([change.order_id for change in acting])
    for change in acting:
        work = WorkFilter(search=change.order_id, limit=100)
        lists = [filled.reader.list_work(kind, work)[0] for kind in ("fallout", "task")]
        steps = [item.step for each in lists for item in each.items if item.order_id == change.order_id]
        assert steps
        assert set(found[change.order_id].actors) == {step.holder or step.queue for step in steps}
