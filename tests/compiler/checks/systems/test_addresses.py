"""Warnings of addresses that no call could reach."""

from __future__ import annotations

import pytest

from tests.support.compiler.written_catalogues import assert_warning, findings_of

SYSTEM = "kind: system\nid: s\nbase_url: %s\n"
RECEIVER = "kind: receiver\nid: r\nevents: order.*\nurl: %s\n"


@pytest.mark.parametrize("document", [SYSTEM, RECEIVER])
def test_address_without_a_scheme_is_a_warning(document: str) -> None:
    assert_warning(
        document % "«grid.example:80/api", "address-incomplete", "write for example `https://grid.example:80/api`"
    )


@pytest.mark.parametrize("address", ["http://a", "https://a.example/x", "${env.A_URL}", "https://${env.A_HOST}/x"])
@pytest.mark.parametrize("document", [SYSTEM, RECEIVER])
def test_whole_address_is_no_warning(document: str, address: str) -> None:
    assert findings_of(document % address) == []
