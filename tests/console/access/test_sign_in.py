"""Signing in and out over HTTP: cookies, links, wrong tokens, and accounts that end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from operations.access.account_changes import remove_account, revoke_tokens, rotate_token
from operations.access.accounts_file import changing_accounts
from operations.access.roles import Role
from tests.support.console.site import ConsoleSite, console_over, site_settings

COOKIE = "ordo-tests-session"


def accounts_path(site: ConsoleSite) -> Path:
    path = site.settings.accounts_file
    assert path is not None
    return path


async def test_the_cookie_is_for_the_console_alone(site: ConsoleSite) -> None:
    response = await site.stranger().http.post("/sign-in", data={"token": site.new_token(Role.VIEWER)})
    name, *attributes = response.headers["set-cookie"].split("; ")
    assert name.startswith(f"{COOKIE}=")
    assert set(attributes) == {"HttpOnly", "SameSite=lax", "Path=/", "Max-Age=43200"}


async def test_over_tls_the_cookie_has_the_host_prefix_and_is_secure(site: ConsoleSite, tmp_path: Path) -> None:
    settings = site_settings(tmp_path, url="https://console.example.com")
    async with console_over(site.orders, settings) as secure:
        stranger = secure.stranger(Host="console.example.com")
        response = await stranger.http.post("/sign-in", data={"token": secure.new_token(Role.VIEWER)})
        assert response.status_code == 303
        name, *attributes = response.headers["set-cookie"].split("; ")
        assert name.startswith(f"__Host-{COOKIE}=")
        assert {"Secure", "HttpOnly", "SameSite=lax", "Path=/"} <= set(attributes)
        assert not any(each.lower().startswith("domain") for each in attributes)
        assert response.headers["Strict-Transport-Security"] == "max-age=31536000"
        assert (await secure.stranger().get("/sign-in")).status_code == 421


@pytest.mark.parametrize("token", ["", "x", "ordo_aaaaaaaa_" + "A" * 43, "é" * 40, "\x00", " "])
async def test_a_wrong_token_is_refused_in_words(site: ConsoleSite, token: str) -> None:
    response = await site.stranger().http.post("/sign-in", data={"token": token})
    assert response.status_code == 401
    assert "set-cookie" not in response.headers
    assert ("Paste the token" if not token.strip() else "The token is wrong") in response.text
    assert 'role="alert"' in response.text


async def test_a_revoked_token_is_told_from_a_wrong_one(site: ConsoleSite) -> None:
    token = site.add_account("leaver", Role.VIEWER)
    with changing_accounts(accounts_path(site)) as change:
        accounts, _ = revoke_tokens(change.accounts, "leaver", datetime.now(UTC))
        change.save(accounts)
    response = await site.stranger().http.post("/sign-in", data={"token": token})
    assert "The token was revoked. Ask an admin" in response.text


async def test_too_many_wrong_tokens_close_the_address_but_not_for_right_ones(
    site: ConsoleSite, tmp_path: Path
) -> None:
    async with console_over(site.orders, site_settings(tmp_path, max_wrong_tokens=5)) as strict:
        stranger = strict.stranger()
        statuses = [(await stranger.http.post("/sign-in", data={"token": "x"})).status_code for _ in range(7)]
        assert statuses == [401] * 5 + [429] * 2
        response = await stranger.http.post("/sign-in", data={"token": "x"})
        assert 0 < int(response.headers["Retry-After"]) <= 60
        assert "Too many wrong tokens" in response.text
        await strict.sign_in(strict.new_token(Role.VIEWER))


async def test_signing_out_ends_the_session_on_the_server(site: ConsoleSite) -> None:
    visitor = await site.sign_in(site.new_token(Role.VIEWER))
    copied = visitor.http.cookies[COOKIE]
    response = await visitor.post("/sign-out")
    assert (response.status_code, response.headers["location"]) == (303, "/sign-in?left=1")
    assert "Max-Age=0" in response.headers["set-cookie"]
    assert "You are signed out" in await visitor.page("/sign-in", left=1)
    thief = site.stranger()
    thief.http.cookies.set(COOKIE, copied)
    assert (await thief.get("/help")).status_code == 303


async def test_each_sign_in_has_a_new_session_and_ends_the_one_before(site: ConsoleSite) -> None:
    visitor = await site.sign_in(site.new_token(Role.VIEWER))
    before = visitor.http.cookies[COOKIE]
    assert (await visitor.post("/sign-in", {"token": site.new_token(Role.VIEWER)})).status_code == 303
    assert visitor.http.cookies[COOKIE] != before
    old = site.stranger()
    old.http.cookies.set(COOKIE, before)
    assert (await old.get("/help")).status_code == 303


async def test_a_session_that_the_browser_made_up_is_none(site: ConsoleSite) -> None:
    stranger = site.stranger()
    for made_up in ("x", "A" * 43, "%00", "é"):
        response = await stranger.http.get("/help", headers={b"Cookie": f"{COOKIE}={made_up}".encode()})
        assert response.status_code == 303


@pytest.mark.parametrize("ending", ["revoked", "removed", "rotated without overlap"])
async def test_a_session_ends_at_once_with_its_token_or_account(site: ConsoleSite, ending: str) -> None:
    name = f"leaver-{ending.replace(' ', '-')}"
    visitor = await site.sign_in(site.add_account(name, Role.OPERATOR))
    await visitor.page("/help")
    with changing_accounts(accounts_path(site)) as change:
        if ending == "revoked":
            accounts, _ = revoke_tokens(change.accounts, name, datetime.now(UTC))
        elif ending == "removed":
            accounts = remove_account(change.accounts, name)
        else:
            accounts = rotate_token(change.accounts, name, datetime.now(UTC), timedelta(0)).accounts
        change.save(accounts)
    response = await visitor.get("/help")
    assert (response.status_code, response.headers["location"]) == (303, "/sign-in?next=%2Fhelp")


async def test_roles_are_those_of_the_file_now(site: ConsoleSite) -> None:
    visitor = await site.sign_in(site.add_account("promoted", Role.VIEWER))
    assert "viewer" in await visitor.page("/help")
    with changing_accounts(accounts_path(site)) as change:
        account = change.accounts.accounts["promoted"].model_copy(update={"roles": [Role.PUBLISHER]})
        change.save(change.accounts.with_account("promoted", account))
    assert "publisher" in await visitor.page("/help")


async def test_sessions_survive_a_restart_of_the_console(site: ConsoleSite, tmp_path: Path) -> None:
    settings = site_settings(tmp_path)
    async with console_over(site.orders, settings) as first:
        visitor = await first.sign_in(first.new_token(Role.VIEWER))
        key = visitor.http.cookies[COOKIE]
    async with console_over(site.orders, settings) as second:
        visitor = second.stranger()
        visitor.http.cookies.set(COOKIE, key)
        await visitor.page("/help")


async def test_a_form_after_the_session_ended_says_so(site: ConsoleSite) -> None:
    response = await site.stranger().http.post("/sign-out", data={"csrf": "x"})
    assert (response.status_code, response.headers["location"]) == (303, "/sign-in?ended=1")
    assert "Your session has ended" in await site.stranger().page("/sign-in", ended=1)
