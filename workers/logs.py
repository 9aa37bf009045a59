"""Logs of a worker on standard error: text in a terminal, JSON elsewhere. Each line names its order and step."""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog
from structlog.typing import EventDict, Processor
from temporalio.exceptions import ApplicationError

from activity_contract.calls import FailureDetails
from workflows.contract.order_messages import order_workflow_id

_ORDER_PREFIX = order_workflow_id("")


def configure_logging(level: int = logging.INFO) -> None:
    """Sends all logs through one formatter: ours, Temporal's, and those of other libraries."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,
    )
    last: list[Processor] = (
        [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]  # without local variables
        if sys.stderr.isatty()
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, _add_order_and_step],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    handler.addFilter(_is_not_logged_yet)
    logging.basicConfig(handlers=[handler], level=level, force=True)
    logging.getLogger("temporalio.worker").setLevel(logging.WARNING)  # we log the shutdown ourselves, once
    logging.getLogger("alembic").setLevel(logging.WARNING)  # it reports each of its plugins


def _add_order_and_step(_: Any, __: str, event: EventDict) -> EventDict:
    """Adds the order and step to Temporal's own lines, which name a workflow and an activity."""
    record = event.get("_record")
    activity = getattr(record, "temporal_activity", None) or {}
    workflow = getattr(record, "temporal_workflow", None) or {}
    workflow_name = str(activity.get("workflow_id") or workflow.get("workflow_id") or "")
    if workflow_name.startswith(_ORDER_PREFIX):
        event["order_id"] = workflow_name.removeprefix(_ORDER_PREFIX)
    if activity:
        event["step_id"] = str(activity.get("activity_id", "")).partition("/")[0]
    return event


def _is_not_logged_yet(record: logging.LogRecord) -> bool:
    """False for failed attempts: the activity has logged them in one line, and Temporal repeats it with a traceback."""
    error = record.exc_info[1] if record.exc_info else None
    if not isinstance(error, ApplicationError) or not record.name.startswith("temporalio"):
        return True
    return not (error.details and isinstance(error.details[0], FailureDetails))
