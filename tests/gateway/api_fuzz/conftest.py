from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.gateway.api_fuzz.site import FuzzSite, cut_off_site, fuzz_site


@pytest.fixture(scope="session")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[FuzzSite]:
    """A gateway with a worker."""
    async with fuzz_site(tmp_path_factory.mktemp("fuzz")) as site:
        yield site
        assert site.failures_in_log() == []


@pytest.fixture(scope="session")
async def site_without_temporal(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[FuzzSite]:
    async with cut_off_site(tmp_path_factory.mktemp("fuzz")) as site:
        yield site
        assert site.failures_in_log() == []
