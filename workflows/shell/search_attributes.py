"""What an order shows in Temporal's own tools: search attributes and current details, written only when they change."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from temporalio import workflow
from temporalio.common import SearchAttributeKey, SearchAttributeUpdate

from workflows.contract.order_messages import SearchAttributes
from workflows.contract.states import Jeopardy, OrderState
from workflows.core.queries import progress_table
from workflows.core.state import rollup
from workflows.core.state.order_run import OrderRun
from workflows.core.state.step_run import Phase
from workflows.core.timing.jeopardy import jeopardy_of

STATE = SearchAttributeKey.for_keyword(SearchAttributes.ORDER_STATE)
CUSTOMER = SearchAttributeKey.for_keyword(SearchAttributes.CUSTOMER_ID)
PRODUCTS = SearchAttributeKey.for_keyword_list(SearchAttributes.PRODUCTS)
FALLOUT = SearchAttributeKey.for_int(SearchAttributes.FALLOUT_COUNT)
TASKS = SearchAttributeKey.for_int(SearchAttributes.OPEN_TASKS)
JEOPARDY = SearchAttributeKey.for_keyword(SearchAttributes.JEOPARDY)
VERSION = SearchAttributeKey.for_keyword(SearchAttributes.CATALOGUE_VERSION)
COMPLETION = SearchAttributeKey.for_datetime(SearchAttributes.REQUESTED_COMPLETION)

SHOWN_EVERY = 1.0
"""Seconds; a busy order's details are not written anew at every step."""


class Showing:
    """Remembers what is shown already: each change of a search attribute is an event of the history."""

    def __init__(self) -> None:
        self._attributes: dict[SearchAttributeKey[Any], Any] = {FALLOUT: 0, TASKS: 0, JEOPARDY: Jeopardy.ON_TRACK.value}
        self._details_at = 0.0

    def decided(self, summary: Mapping[str, Any], run: OrderRun | None) -> None:
        """`summary`: of activities.contract.CompiledOrder; no `run`: the order was rejected."""
        completion = summary.get("requested_completion")
        wanted: dict[SearchAttributeKey[Any], Any] = {
            CUSTOMER: summary.get("customer_id"),
            PRODUCTS: summary.get("products"),
            VERSION: summary.get("catalogue_version"),
            COMPLETION: datetime.fromisoformat(completion) if isinstance(completion, str) else completion,
        }
        self._upsert({**wanted, **(_of(run) if run else {STATE: OrderState.REJECTED.value})})

    def amended(self, summary: Mapping[str, Any], run: OrderRun) -> None:
        """As `decided`; what the new order does not say any more is shown no longer."""
        if summary.get("requested_completion") is None:
            self._attributes.pop(COMPLETION, None)
            workflow.upsert_search_attributes([COMPLETION.value_unset()])
        self.decided(summary, run)

    def resumed(self, run: OrderRun) -> None:
        """The run before this one has shown all that."""
        self._attributes.update(_of(run))

    def update(self, run: OrderRun, busy: bool) -> None:
        if not run.changed:
            return
        self._upsert(_of(run))
        if not busy or run.now >= self._details_at + SHOWN_EVERY:
            run.changed = False
            self._details_at = run.now
            workflow.set_current_details(progress_table.details_of(run))

    def _upsert(self, wanted: Mapping[SearchAttributeKey[Any], Any]) -> None:
        changed: list[SearchAttributeUpdate[Any]] = []
        for key, value in wanted.items():
            if value is not None and self._attributes.get(key) != value:
                self._attributes[key] = value
                changed.append(key.value_set(value))
        if changed:
            workflow.upsert_search_attributes(changed)


def open_tasks(run: OrderRun) -> int:
    """Steps that wait for a person: tasks, and what was escalated to somebody else than those who do it anyway."""
    escalated = run.outlook.escalated if run.outlook is not None else {}
    return run.open_tasks + sum(run.steps[position].phase is not Phase.PERSON for position in escalated)


def _of(run: OrderRun) -> dict[SearchAttributeKey[Any], Any]:
    return {
        STATE: rollup.state_of(run).value,
        FALLOUT: run.fallout,
        TASKS: open_tasks(run),
        JEOPARDY: jeopardy_of(run).value,
    }
