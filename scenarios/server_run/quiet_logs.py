"""Logs of workers that run scenarios: failures of calls are what scenarios are about, so nobody reads of them."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import structlog


@contextmanager
def quiet_logs() -> Iterator[None]:
    """Silences the logs of this process."""
    configured, configuration = structlog.is_configured(), structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    temporal = logging.getLogger("temporalio")
    before, temporal.disabled = temporal.level, False
    temporal.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        temporal.setLevel(before)
        if configured:
            structlog.configure(**configuration)
        else:
            structlog.reset_defaults()
