"""Nobody gets in without a session, and no other site can send a form in a person's name."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi import APIRouter

from console.access.guard import allowed, everyone_signed_in, route_permissions
from operations.access.permissions import LIST_ORDERS
from operations.access.roles import Role
from tests.support.console.site import ConsoleSite, console_over, site_settings


async def test_a_stranger_is_led_to_sign_in_and_back(site: ConsoleSite) -> None:
    stranger = site.stranger()
    response = await stranger.get("/help", topic="a&b")
    assert (response.status_code, response.headers["location"]) == (303, "/sign-in?next=%2Fhelp%3Ftopic%3Da%2526b")
    page = await stranger.page(response.headers["location"])
    assert 'name="next" value="/help?topic=a%26b"' in page
    token = site.add_account("led-back", Role.VIEWER)
    response = await stranger.http.post("/sign-in", data={"token": token, "next": "/help?topic=a%26b"})
    assert (response.status_code, response.headers["location"]) == (303, "/help?topic=a%26b")


@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Dest": "empty"}, {"Accept": "text/event-stream", "Sec-Fetch-Dest": ""}]
)
async def test_a_script_without_a_session_gets_json(site: ConsoleSite, headers: dict[str, str]) -> None:
    response = await site.stranger().http.get("/help", headers=headers)
    assert response.status_code == 401
    assert response.json()["error"]["code"] == "unauthorized"


@pytest.mark.parametrize(
    "wanted", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/a\nb", ""]
)
async def test_sign_in_leads_only_to_pages_of_the_console(site: ConsoleSite, wanted: str) -> None:
    token = site.new_token(Role.VIEWER)
    response = await site.stranger().http.post("/sign-in", data={"token": token, "next": wanted})
    assert (response.status_code, response.headers["location"]) == (303, "/")


async def test_a_form_needs_the_token_of_its_session(site: ConsoleSite) -> None:
    visitor, other = await site.sign_in(site.new_token(Role.VIEWER)), await site.visitor()
    for forged in ("", "x", "é", "A" * 88, await other.form_token()):
        response = await visitor.http.post("/sign-out", data={"csrf": forged})
        assert response.status_code == 403
        assert "does not come from the console" in response.text
    await visitor.page("/help")
    assert (await visitor.post("/sign-out")).status_code == 303


async def test_form_tokens_differ_at_each_page_and_are_all_good(site: ConsoleSite) -> None:
    visitor = await site.sign_in(site.new_token(Role.VIEWER))
    first, second = await visitor.form_token(), await visitor.form_token()
    assert first != second
    response = await visitor.http.post("/sign-out", headers={"X-CSRF-Token": first})
    assert response.status_code == 303


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
    ],
)
async def test_a_form_from_another_site_is_refused_even_with_the_token(
    site: ConsoleSite, headers: dict[str, str]
) -> None:
    visitor = await site.visitor()
    response = await visitor.http.post("/sign-out", data={"csrf": await visitor.form_token()}, headers=headers)
    assert response.status_code == 403
    assert "comes from another site" in response.text
    response = await site.stranger().http.post("/sign-in", data={"token": "x"}, headers=headers)
    assert response.status_code == 403
    await visitor.page("/help")


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "10.0.0.7:8090", ""])
async def test_another_name_that_leads_to_the_console_is_refused(site: ConsoleSite, host: str) -> None:
    response = await (await site.visitor()).http.get("/help", headers={"Host": host})
    assert response.status_code in (400, 421)
    assert "What you see here" not in response.text


async def test_read_only_refuses_changes_and_not_signing_out(site: ConsoleSite, tmp_path: Path) -> None:
    async with console_over(site.orders, site_settings(tmp_path, read_only=True)) as locked:
        visitor = await locked.sign_in(locked.new_token(Role.ADMIN))
        assert "read-only" in await visitor.page("/help")
        response = await visitor.post("/orders/HS-1/actions/cancel")
        assert response.status_code == 403
        assert "This console is read-only" in response.text
        assert (await visitor.post("/sign-out")).headers["location"] == "/sign-in?left=1"


def test_a_route_without_a_guard_does_not_start() -> None:
    routes = APIRouter()

    @routes.get("/open")
    async def page() -> str:
        return ""

    with pytest.raises(TypeError, match="/open needs exactly one guard"):
        route_permissions(routes.routes, ())
    assert route_permissions(routes.routes, {"/open"}) == {}
    for dependencies, is_right in (
        ([allowed(LIST_ORDERS)], True),
        ([everyone_signed_in()], True),
        ([allowed(LIST_ORDERS), everyone_signed_in()], False),
    ):
        guarded = APIRouter(dependencies=dependencies)
        guarded.get("/guarded")(page)
        if is_right:
            assert ("GET", "/guarded") in route_permissions(guarded.routes, ())
        else:
            with pytest.raises(TypeError):
                route_permissions(guarded.routes, ())
