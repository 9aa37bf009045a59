"""docs/sandbox.md says what a new sandbox knows."""

from __future__ import annotations

from typing import get_args

from sandbox.systems.access import CARRIER_MAX_MBPS
from sandbox.systems.installation import VisitRequest
from sandbox.systems.inventory import INITIAL_STOCK
from sandbox.systems.subscription import PLANS
from sandbox.systems.warranty import MAX_YEARS
from tests.support.paths import ROOT


def test_page_lists_articles_skills_plans_carriers_and_warranties() -> None:
    page = (ROOT / "docs" / "sandbox.md").read_text(encoding="utf-8")
    amounts = {**INITIAL_STOCK, **CARRIER_MAX_MBPS}
    listed = [
        " · ".join(f"`{name}` {amounts[name]:,}" for name in table) for table in (INITIAL_STOCK, CARRIER_MAX_MBPS)
    ]
    listed.append(" · ".join(f"`{plan}`" for plan in PLANS))
    listed += [f"`{skill}`" for skill in get_args(VisitRequest.model_fields["skill"].annotation)]
    listed.append(f"{MAX_YEARS} years")
    assert [one for one in listed if one not in page] == []
