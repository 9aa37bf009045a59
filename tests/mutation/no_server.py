"""A pytest plugin: leaves out the tests that need a Temporal server."""

from __future__ import annotations

import pytest

SERVER_FIXTURES = {"temporal", "skipping"}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    left_out = [item for item in items if not SERVER_FIXTURES.isdisjoint(getattr(item, "fixturenames", ()))]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]
