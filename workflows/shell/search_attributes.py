"""What an order shows in Temporal's own tools: search attributes and current details, written when they change."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from temporalio import workflow
from temporalio.common import SearchAttributeKey, SearchAttributeUpdate

from workflows.contract.order_messages import SearchAttributes
from workflows.contract.states import Jeopardy, OrderState
from workflows.core.queries import progress_table
from workflows.core.queries.work_queues import count_open_tasks, open_work_queues
from workflows.core.state import rollup
from workflows.core.state.order_run import OrderRun
from workflows.core.timing.order_jeopardy import order_jeopardy
from workflows.shell.console_link import console_link

STATE_KEY = SearchAttributeKey.for_keyword(SearchAttributes.ORDER_STATE)
CUSTOMER_KEY = SearchAttributeKey.for_keyword(SearchAttributes.CUSTOMER_ID)
PRODUCTS_KEY = SearchAttributeKey.for_keyword_list(SearchAttributes.PRODUCTS)
FALLOUT_KEY = SearchAttributeKey.for_int(SearchAttributes.FALLOUT_COUNT)
TASKS_KEY = SearchAttributeKey.for_int(SearchAttributes.OPEN_TASKS)
JEOPARDY_KEY = SearchAttributeKey.for_keyword(SearchAttributes.JEOPARDY)
VERSION_KEY = SearchAttributeKey.for_keyword(SearchAttributes.CATALOGUE_VERSION)
COMPLETION_KEY = SearchAttributeKey.for_datetime(SearchAttributes.REQUESTED_COMPLETION)
QUEUES_KEY = SearchAttributeKey.for_keyword_list(SearchAttributes.QUEUES)

QUEUES_PATCH = "queues-listed"
"""Patch: the search attribute Queues. Orders without work for people never ask for it."""

DETAILS_INTERVAL = 1.0
"""Seconds between two updates of a busy order's details."""


class OrderVisibility:
    """Remembers what is shown, because each write of a search attribute is an event of the history."""

    def __init__(self) -> None:
        self._attributes: dict[SearchAttributeKey[Any], Any] = {
            FALLOUT_KEY: 0,
            TASKS_KEY: 0,
            JEOPARDY_KEY: Jeopardy.ON_TRACK.value,
            QUEUES_KEY: [],
        }
        self._details_updated_at = 0.0

    def publish_decision(self, summary: Mapping[str, Any], run: OrderRun | None) -> None:
        """`summary` is that of the CompiledOrder. Without a `run`, the order was rejected."""
        completion = summary.get("requested_completion")
        attributes: dict[SearchAttributeKey[Any], Any] = {
            CUSTOMER_KEY: summary.get("customer_id"),
            PRODUCTS_KEY: summary.get("products"),
            VERSION_KEY: summary.get("catalogue_version"),
            COMPLETION_KEY: datetime.fromisoformat(completion) if isinstance(completion, str) else completion,
        }
        if run is None:
            self._upsert({**attributes, STATE_KEY: OrderState.REJECTED.value})
        else:
            self._upsert({**attributes, **_current_attributes(run), **self._changed_queues(run)})

    def publish_amendment(self, summary: Mapping[str, Any], run: OrderRun) -> None:
        """Like `publish_decision`. Removes the requested completion if the new order has none."""
        if summary.get("requested_completion") is None:
            self._attributes.pop(COMPLETION_KEY, None)
            workflow.upsert_search_attributes([COMPLETION_KEY.value_unset()])
        self.publish_decision(summary, run)

    def restore(self, run: OrderRun) -> None:
        """The previous run has published these already."""
        self._attributes.update(_current_attributes(run) | {QUEUES_KEY: open_work_queues(run)})

    def update(self, run: OrderRun, is_busy: bool) -> None:
        if not run.view_changed:
            return
        self._upsert({**_current_attributes(run), **self._changed_queues(run)})
        if not is_busy or run.now >= self._details_updated_at + DETAILS_INTERVAL:
            run.view_changed = False
            self._details_updated_at = run.now
            workflow.set_current_details(console_link(run.plan.order.id) + progress_table.progress_table(run))

    def _changed_queues(self, run: OrderRun) -> dict[SearchAttributeKey[Any], Any]:
        """Empty if they are shown already, or if the order began before they were shown."""
        queues = open_work_queues(run)
        if queues == self._attributes[QUEUES_KEY] or not workflow.patched(QUEUES_PATCH):
            return {}
        return {QUEUES_KEY: queues}

    def _upsert(self, attributes: Mapping[SearchAttributeKey[Any], Any]) -> None:
        changed: list[SearchAttributeUpdate[Any]] = []
        for key, value in attributes.items():
            if value is not None and self._attributes.get(key) != value:
                self._attributes[key] = value
                changed.append(key.value_set(value))
        if changed:
            workflow.upsert_search_attributes(changed)


def _current_attributes(run: OrderRun) -> dict[SearchAttributeKey[Any], Any]:
    return {
        STATE_KEY: rollup.current_order_state(run).value,
        FALLOUT_KEY: run.counters.fallout,
        TASKS_KEY: count_open_tasks(run),
        JEOPARDY_KEY: order_jeopardy(run).value,
    }
