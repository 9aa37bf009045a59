"""A sink that writes each change at once, and can lose some: what a worker's feed does, without its delays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy import Engine

from ledger.database import write_transaction
from ledger.writing.apply_changes import apply_changes
from workflows.contract.order_changes import OrderChange
from workflows.shell.order_changes import clear_sink, install_sink


@dataclass
class WritingSink:
    engine: Engine
    loses: Callable[[OrderChange], bool] = lambda _change: False
    lost: list[OrderChange] = field(default_factory=list)

    def offer(self, change: OrderChange) -> None:
        if self.loses(change):
            self.lost.append(change)
            return
        with write_transaction(self.engine) as connection:
            apply_changes(connection, [change])

    def wants_complete(self, order_id: str, submission: str) -> bool:  # noqa: ARG002
        return False


@contextmanager
def writing_to(engine: Engine) -> Iterator[WritingSink]:
    sink = WritingSink(engine)
    install_sink(sink)
    try:
        yield sink
    finally:
        clear_sink()
