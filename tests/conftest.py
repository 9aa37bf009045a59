"""Fixtures for everyone: a Temporal server of each kind, started once for all tests that want one."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator

import pytest_asyncio
from temporalio.testing import WorkflowEnvironment

from tests.support.temporal import real_time, release_runtimes, skipping_time

# Started in the background, as some CI does, a process ignores SIGINT, and so would all that tests start and end by it.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def temporal() -> AsyncIterator[WorkflowEnvironment]:
    async with real_time() as environment:
        yield environment


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def skipping() -> AsyncIterator[WorkflowEnvironment]:
    async with skipping_time() as environment:
        yield environment


def pytest_unconfigure() -> None:
    """After the summary, nothing of Temporal's client may run any more while the interpreter ends."""
    release_runtimes()
