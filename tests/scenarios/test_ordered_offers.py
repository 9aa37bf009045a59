"""Which offers the shipped scenarios are about."""

from __future__ import annotations

from pathlib import Path

import pytest

from scenarios.load import load_suite
from scenarios.ordered_offers import definitions_of, ordered_offers
from tests.support.paths import ROOT


def test_lines_at_every_level_by_id_or_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    suite = load_suite(Path("definitions"))

    def offers(word: str) -> frozenset[str]:
        return ordered_offers([one for one in suite.scenarios if one.model.id.startswith(word)], suite.catalogue)

    assert offers("monitoring_app_default_seat") == {"monitoring_app"}
    assert offers("managed_wan_complete") == {"managed_wan", "wan_site"}
    assert offers("home_security_self_install") == {"home_security"}
    assert definitions_of(offers("monitoring_app"), suite.catalogue) == {
        "monitoring_app",
        "monitoring_subscription",
        "billing_account",
        "recurring_service",
    }
