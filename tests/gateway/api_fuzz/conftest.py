from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.gateway.api_fuzz.site import FuzzSite, fuzz_site, site_without_ledger, site_without_temporal


@pytest.fixture(scope="session")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[FuzzSite]:
    """A gateway with a worker and a ledger."""
    async with fuzz_site(tmp_path_factory.mktemp("fuzz")) as site:
        yield site
        assert site.failures_in_log() == []


@pytest.fixture(scope="session")
async def without_temporal(site: FuzzSite, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[FuzzSite]:
    async with site_without_temporal(site, tmp_path_factory.mktemp("fuzz")) as cut_off:
        yield cut_off
        assert cut_off.failures_in_log() == []


@pytest.fixture(scope="session")
async def without_ledger(site: FuzzSite, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[FuzzSite]:
    async with site_without_ledger(site, tmp_path_factory.mktemp("fuzz")) as cut_off:
        yield cut_off
        assert cut_off.failures_in_log() == []
