"""Systems that answer over real HTTP, and the activities that call them."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.calls.call_system import SystemCalls
from activities.systems.connections import ConnectionPools
from activities.systems.resolved_system import ResolvedSystem, resolve_system
from activity_contract.calls import FailureDetails, SystemCall, SystemCallResult
from compiler.language.retry_policy import RetryPolicy
from compiler.language.systems import System
from tests.support.servers.scripted_system import ScriptedServer


class World:
    """One system, `inventory`, which is the scripted server, and the activities that call it."""

    def __init__(self, server: ScriptedServer, connections: ConnectionPools) -> None:
        self.server = server
        self.calls = SystemCalls(self, connections)
        self.definition: dict[str, Any] = {"id": "inventory", "name": "Inventory Management", "base_url": server.url}
        self.environment: dict[str, str] = {}
        self.heartbeats: list[dict[str, Any]] = []
        self.activity = ActivityEnvironment()
        self.activity.on_heartbeat = self.heartbeats.append

    def system(self, id_: str) -> ResolvedSystem | None:
        if id_ != self.definition["id"]:
            return None
        return resolve_system(System.model_validate(self.definition), self.environment)

    def is_attempt(self, number: int, **info: Any) -> None:
        """Makes the next call attempt `number`, with the last heartbeat of the earlier ones."""
        changes: dict[str, Any] = {"attempt": number, "heartbeat_details": self.heartbeats[-1:]}
        self.activity.info = dataclasses.replace(self.activity.info, **(changes | info))

    async def call(self, **wanted: Any) -> SystemCallResult:
        return await self.activity.run(self.calls.call_system, call_of(**wanted))

    async def poll(self, **wanted: Any) -> SystemCallResult:
        return await self.activity.run(self.calls.poll_system, call_of(**wanted))

    async def failure(self, **wanted: Any) -> Failed:
        """Expects `call` to fail, and returns its failure."""
        with pytest.raises(ApplicationError) as raised:
            await self.call(**wanted)
        return Failed(raised.value)

    async def poll_failure(self, **wanted: Any) -> Failed:
        with pytest.raises(ApplicationError) as raised:
            await self.poll(**wanted)
        return Failed(raised.value)


class Failed:
    def __init__(self, error: ApplicationError) -> None:
        self.error = error
        self.type = error.type
        self.message = error.message
        self.retryable = not error.non_retryable
        self.pause: timedelta | None = error.next_retry_delay
        self.details: FailureDetails = error.details[0]
        assert error.__cause__ is None
        assert error.__context__ is None or error.__suppress_context__, "no other error may be shown with it"


NO_RETRY = RetryPolicy(max_attempts=1)


def call_of(**wanted: Any) -> SystemCall:
    usual: dict[str, Any] = {
        "order_id": "HS-1001",
        "step_id": "security_camera.reserve@1",
        "system": "inventory",
        "method": "post",
        "path": "/reservations",
        "idempotency_key": "HS-1001/security_camera.reserve@1/do/1",
        "timeout": 20.0,
        "retry": RetryPolicy(),
    }
    return SystemCall.model_validate(usual | wanted)


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    server = ScriptedServer()
    await server.start()
    yield server
    await server.close()


@pytest.fixture
async def world(server: ScriptedServer) -> AsyncIterator[World]:
    connections = ConnectionPools()
    yield World(server, connections)
    await connections.close()
