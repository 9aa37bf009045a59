"""Definitions of a greeting, the system that greets, and workers as processes."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.testing import WorkflowEnvironment

from tests.support.servers.scripted_system import ScriptedServer
from tests.support.workers.site import Site

OFFER = """
kind: commercial_product
id: {id}
steps:
  greet:
    call: {{system: {system}, post: /{id}, body: {{to: "${{order.customer.name}}"}}}}
    retry: {{max_attempts: 100, initial: 100ms, backoff: 1}}
"""
SYSTEM = """
kind: system
id: {id}
base_url: ${{env.GREETER_URL}}
auth: {{bearer: {{env: GREETER_TOKEN}}}}
limits: {{concurrency: {concurrency}}}
breaker: false
"""


@pytest.fixture
async def site(temporal: WorkflowEnvironment, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Site]:
    server = ScriptedServer()
    await server.start()
    folder = tmp_path / "definitions"
    folder.mkdir()
    address = temporal.client.service_client.config.target_host
    site = Site(folder, server, address, re.sub(r"[^a-z]+", "-", request.node.name.lower())[:80])
    site.define("systems", SYSTEM.format(id="greeter", concurrency=4))
    site.define("welcome", OFFER.format(id="welcome", system="greeter"))
    yield site
    await site.close()
    await server.close()
