"""Signing in with an identity provider over HTTP: the whole flow, and every way of forging it."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc.jwk import RSAKey

from console.access.oidc.pending import MAX_PENDING, SECONDS, PendingSignIns
from console.access.oidc.settings import OidcSettings, load_oidc_settings
from operations.access.roles import Role
from operations.client import OrderClient
from tests.support.console.site import ConsoleSite, Visitor, console_over, site_settings
from tests.support.servers.identity_provider import CLIENT_ID, CLIENT_SECRET, IdentityProvider

ANN = {"sub": "7f2", "preferred_username": "Ann@example.com", "groups": ["ops", "unknown"]}
SESSION, PENDING = "ordo-tests-session", "ordo-tests-provider"


@pytest.fixture
def provider() -> Iterator[IdentityProvider]:
    provider = IdentityProvider(dict(ANN))
    yield provider
    provider.close()


@pytest.fixture
def oidc(provider: IdentityProvider) -> OidcSettings:
    settings = load_oidc_settings(
        {
            "ORDO_OIDC_ISSUER": provider.issuer,
            "ORDO_OIDC_CLIENT_ID": CLIENT_ID,
            "ORDO_OIDC_CLIENT_SECRET": CLIENT_SECRET,
            "ORDO_OIDC_ROLES": "ops=operator; field=operator:field_force",
            "ORDO_OIDC_TITLE": "the company's account",
        }
    )
    assert settings is not None
    return settings


@pytest.fixture
async def corporate(orders: OrderClient, oidc: OidcSettings, tmp_path: Path) -> AsyncIterator[ConsoleSite]:
    """A console whose people come from the provider. `url` is that of the console, as the provider knows it."""
    async with console_over(orders, site_settings(tmp_path, oidc=oidc, url="http://127.0.0.1:1")) as site:
        yield site


async def to_provider(visitor: Visitor, wanted: str = "/help") -> httpx.Response:
    """What the provider answers to the browser: it leads back to the console."""
    response = await visitor.get("/sign-in/provider", next=wanted)
    assert response.status_code == 302, response.text
    async with httpx.AsyncClient(trust_env=False) as browser:
        return await browser.get(response.headers["location"])


async def come_back(visitor: Visitor, location: str) -> httpx.Response:
    path = location.removeprefix("http://127.0.0.1:1")
    return await visitor.http.get(path, headers={"Sec-Fetch-Site": "cross-site"})


async def sign_in(visitor: Visitor) -> httpx.Response:
    return await come_back(visitor, (await to_provider(visitor)).headers["location"])


async def test_a_person_signs_in_and_is_led_where_they_wanted(corporate: ConsoleSite) -> None:
    visitor = corporate.stranger()
    page = await visitor.page("/sign-in", next="/help?a=b")
    assert "Sign in with the company&#39;s account" in page
    assert 'href="/sign-in/provider?next=/help%3Fa%3Db"' in page
    response = await sign_in(visitor)
    assert (response.status_code, response.headers["location"]) == (303, "/help")
    assert PENDING not in visitor.http.cookies
    page = await visitor.page("/help")
    assert "ann@example.com" in page
    assert "operator" in page


async def test_the_session_survives_a_restart_and_ends_with_the_roles_of_its_groups(
    corporate: ConsoleSite, oidc: OidcSettings
) -> None:
    visitor = corporate.stranger()
    await sign_in(visitor)
    key = visitor.http.cookies[SESSION]
    settings = corporate.settings
    async with console_over(corporate.orders, settings) as restarted:
        visitor = restarted.stranger()
        visitor.http.cookies.set(SESSION, key)
        await visitor.page("/help")
    without = load_oidc_settings(
        {
            "ORDO_OIDC_ISSUER": oidc.issuer,
            "ORDO_OIDC_CLIENT_ID": CLIENT_ID,
            "ORDO_OIDC_CLIENT_SECRET": CLIENT_SECRET,
            "ORDO_OIDC_ROLES": "others=viewer",
        }
    )
    changed = site_settings(settings.accounts_file.parent if settings.accounts_file else Path(), oidc=without)
    async with console_over(corporate.orders, changed) as restarted:
        visitor = restarted.stranger()
        visitor.http.cookies.set(SESSION, key)
        assert (await visitor.get("/help")).status_code == 303


@pytest.mark.parametrize(
    "query",
    [
        "",
        "code=x",
        "state=x",
        "code=x&state=x",
        "error=access_denied&error_description=%3Cscript%3Ealert(1)%3C/script%3E",
        "code=" + "x" * 5_000 + "&state=" + "y" * 5_000,
        "code=%00&state=%ff",
    ],
)
async def test_a_forged_callback_is_a_page_in_words(corporate: ConsoleSite, query: str) -> None:
    for begins in (False, True):
        visitor = corporate.stranger()
        if begins:
            await to_provider(visitor)
        response = await come_back(visitor, f"/sign-in/callback?{query}")
        assert response.status_code == 403
        assert 'role="alert"' in response.text
        assert "<script>alert" not in response.text
        assert SESSION not in visitor.http.cookies


async def test_a_callback_counts_once_and_only_in_the_browser_that_began(corporate: ConsoleSite) -> None:
    visitor, other = corporate.stranger(), corporate.stranger()
    location = (await to_provider(visitor)).headers["location"]
    await to_provider(other)
    assert (await come_back(other, location)).status_code == 403
    kept = visitor.http.cookies[PENDING]
    assert (await come_back(visitor, location)).status_code == 303
    again = corporate.stranger()
    again.http.cookies.set(PENDING, kept)
    assert (await come_back(again, location)).status_code == 403


@pytest.mark.parametrize(
    "forged",
    [
        {"iss": "https://evil.example"},
        {"aud": "another-client"},
        {"nonce": "another"},
        {"exp": int(time.time()) - 3600},
        {"iat": int(time.time()) + 3600},
    ],
)
async def test_a_token_for_somebody_else_is_refused(
    corporate: ConsoleSite, provider: IdentityProvider, forged: dict[str, Any]
) -> None:
    provider.overrides = forged
    response = await sign_in(corporate.stranger())
    assert response.status_code == 403
    assert "not one that the console asked for" in response.text


async def test_a_token_with_another_signature_is_refused(corporate: ConsoleSite, provider: IdentityProvider) -> None:
    provider.key = RSAKey.generate_key(2048, {"kid": "one"})
    assert (await sign_in(corporate.stranger())).status_code == 403


async def test_without_an_id_token_nobody_is_signed_in(corporate: ConsoleSite, provider: IdentityProvider) -> None:
    provider.gives_id_token = False
    response = await sign_in(corporate.stranger())
    assert response.status_code == 403
    assert "did not say who you are" in response.text


@pytest.mark.parametrize(
    ("claims", "message"),
    [
        ({"groups": []}, "none of your groups has a role here"),
        ({"groups": "field"}, None),
        ({"groups": None}, "none of your groups has a role here"),
        ({"preferred_username": "Ann Elm"}, "is no name of an account"),
        ({"preferred_username": "gateway"}, "is the account of ORDO_GATEWAY_TOKEN"),
        ({"preferred_username": "taken"}, "none of your groups has a role here"),
        ({"preferred_username": "<script>"}, "is no name of an account"),
        ({"preferred_username": None, "email": "bo@example.com"}, None),
    ],
)
async def test_who_the_provider_names_needs_a_role_and_a_name(
    corporate: ConsoleSite, provider: IdentityProvider, claims: dict[str, Any], message: str | None
) -> None:
    corporate.add_account("taken", Role.ADMIN)
    provider.claims = ANN | claims
    response = await sign_in(corporate.stranger())
    assert response.status_code == (303 if message is None else 403)
    if message is not None:
        assert message in response.text


async def test_a_provider_that_is_away_is_said_to_be_so(corporate: ConsoleSite, provider: IdentityProvider) -> None:
    provider.is_away = True
    response = await corporate.stranger().get("/sign-in/provider")
    assert response.status_code == 503
    assert "does not answer. Try again" in response.text
    provider.is_away = False
    visitor = corporate.stranger()
    location = (await to_provider(visitor)).headers["location"]
    provider.is_away = True
    assert (await come_back(visitor, location)).status_code in (403, 503)


async def test_without_accounts_there_is_no_form_for_tokens(
    orders: OrderClient, oidc: OidcSettings, tmp_path: Path
) -> None:
    settings = site_settings(tmp_path, oidc=oidc, accounts_file=None, url="http://127.0.0.1:1")
    async with console_over(orders, settings) as site:
        visitor = site.stranger()
        assert 'name="token"' not in await visitor.page("/sign-in")
        assert (await visitor.http.post("/sign-in", data={"token": "x"})).status_code == 401
        assert (await sign_in(visitor)).status_code == 303


def test_pending_sign_ins_end_and_do_not_grow() -> None:
    now = 0.0
    pending = PendingSignIns(clock=lambda: now)
    first, _ = pending.begin("/")
    keys = [pending.begin("/help")[0] for _ in range(MAX_PENDING)]
    assert pending.take(first) is None
    assert pending.take(keys[0]) is not None
    assert pending.take(keys[0]) is None
    now = SECONDS + 1.0
    assert pending.take(keys[1]) is None
