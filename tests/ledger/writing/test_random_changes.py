"""Whatever way changes come, an order's rows are those of the order as it was at their position."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select

from ledger.database import write_transaction
from ledger.schema.tables import orders
from ledger.writing.apply_changes import apply_changes
from ledger.writing.memory import WriterMemory
from tests.support.ledger.contents import Rows, clear, read_rows
from tests.support.ledger.simulated_orders import SimulatedOrder
from workflows.contract.order_changes import ChangePosition, OrderChange
from workflows.contract.states import OrderState

MOVES = ("begin", "succeed", "fail", "quiet", "amend", "continue_as_new", "complete", "end")


@st.composite
def lives(draw: st.DrawFn) -> tuple[list[OrderChange], dict[ChangePosition, OrderChange]]:
    """The changes of an order in their order, and the complete change at each position."""
    order = SimulatedOrder("HS-1", step_count=draw(st.integers(1, 5)))
    changes = [order.complete()]
    states = {order.position: order.complete()}
    for move in draw(st.lists(st.sampled_from(MOVES), max_size=14)):
        number = draw(st.integers(1, len(order.steps)))
        match move:
            case "begin":
                changes.append(order.begin(number))
            case "succeed":
                changes.append(order.succeed(number))
            case "fail":
                changes.append(order.fail(number))
            case "quiet":
                changes.append(order.turn())
            case "amend":
                changes.append(order.amend(name=f"Elm Street {number}"))
            case "continue_as_new":
                order.continue_as_new()
                changes.append(order.complete())
            case "complete":
                changes.append(order.complete())
            case "end" if order.ended_at is None:
                changes.append(order.end(OrderState.COMPLETED))
        states[order.position] = order.complete()
    return changes, states


@st.composite
def deliveries(draw: st.DrawFn, changes: list[OrderChange]) -> list[OrderChange]:
    """Some are lost, some come twice, some come late."""
    kept = [change for change in changes if draw(st.integers(0, 5))]
    repeated = draw(st.lists(st.sampled_from(kept), max_size=4)) if kept else []
    positions = {id(change): number for number, change in enumerate(kept)}
    delays = {id(change): draw(st.sampled_from((0, 0, 0, 2, 5))) for change in kept}
    return sorted(kept, key=lambda change: positions[id(change)] + delays[id(change)]) + repeated


def _apply(engine: Engine, changes: list[OrderChange], memory: WriterMemory) -> None:
    for change in changes:
        with write_transaction(engine) as connection:
            apply_changes(connection, [change], memory)
        memory.confirm()


def _position(engine: Engine) -> ChangePosition | None:
    with engine.connect() as connection:
        found = connection.execute(select(orders.c.run_started_at, orders.c.event_id, orders.c.position_at)).first()
    return ChangePosition(*found) if found is not None else None


def _rows_of(engine: Engine, change: OrderChange) -> Rows:
    clear(engine)
    _apply(engine, [change], WriterMemory())
    return read_rows(engine)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_rows_are_those_of_the_order_at_their_position(ledger_database: Engine, data: st.DataObject) -> None:
    changes, states = data.draw(lives())
    clear(ledger_database)
    _apply(ledger_database, data.draw(deliveries(changes)), WriterMemory())
    position = _position(ledger_database)
    if position is not None:
        assert read_rows(ledger_database) == _rows_of(ledger_database, states[position])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_complete_change_makes_good_for_all_that_was_lost(ledger_database: Engine, data: st.DataObject) -> None:
    changes, states = data.draw(lives())
    last = states[max(states)]
    clear(ledger_database)
    _apply(ledger_database, [*data.draw(deliveries(changes)), last], WriterMemory())
    assert read_rows(ledger_database) == _rows_of(ledger_database, last)
