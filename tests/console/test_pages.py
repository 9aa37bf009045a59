"""What holds for every page: headers, assets, links that lead somewhere, errors as pages."""

from __future__ import annotations

import html
import re

from console.middleware.security_headers import SECURITY_HEADERS
from console.presenting.actions.action_words import action_label
from operations.access.roles import Role
from tests.support.console.site import ConsoleSite
from workflows.contract.actions import ACTIONS


async def test_every_response_has_the_security_headers(site: ConsoleSite) -> None:
    visitor, stranger = await site.visitor(), site.stranger()
    for response in (
        await visitor.get("/help"),
        await visitor.get("/no/such/page"),
        await stranger.get("/sign-in"),
        await stranger.get("/help"),
        await stranger.get("/health"),
        await stranger.http.get("/sign-in", headers={"Host": "evil.example"}),
        await stranger.http.post("/sign-in", data={"token": "x"}, headers={"Sec-Fetch-Site": "cross-site"}),
    ):
        assert {name: response.headers.get(name) for name in SECURITY_HEADERS} == SECURITY_HEADERS
        assert response.headers["Cache-Control"] == "no-store"
        assert "server" not in response.headers


async def test_assets_are_kept_for_ever_and_change_their_url_with_their_content(site: ConsoleSite) -> None:
    page = await (await site.visitor()).page("/help")
    urls = re.findall(r'(?:href|src)="(/static/[^"]+)"', page)
    assert {url.rsplit(".", 1)[1] for url in urls} == {"css", "js", "svg"}
    stranger = site.stranger()
    for url in urls:
        response = await stranger.get(url)
        assert response.status_code == 200
        assert "immutable" in response.headers["Cache-Control"]
        assert response.headers["Content-Encoding"] == "gzip" or url.endswith(".svg")
    older = re.sub("/static/[0-9a-f]+/", "/static/0123456789ab/", urls[0])
    response = await stranger.get(older)
    assert (response.status_code, response.headers["Cache-Control"]) == (200, "no-cache")
    assert (await stranger.get(urls[0] + "x")).status_code == 404
    assert (await stranger.get("/static/0123456789ab/../app.py")).status_code in (303, 404)


async def test_no_page_has_inline_code_or_style(site: ConsoleSite) -> None:
    for page in (await (await site.visitor()).page("/help"), await site.stranger().page("/sign-in")):
        assert not re.findall(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)|<style|\sstyle=|\son\w+=", page)


async def test_links_of_the_bar_lead_to_pages(site: ConsoleSite) -> None:
    visitor = await site.visitor(Role.ADMIN)
    page = await visitor.page("/help")
    links = set(re.findall(r'href="(/[^"/]*)"', page))
    assert "/help" in links
    for link in links:
        response = await visitor.get(link)
        assert response.status_code in (200, 303), link


async def test_missing_page_is_a_page_for_people_and_json_for_scripts(site: ConsoleSite) -> None:
    visitor = await site.visitor()
    response = await visitor.get("/no/such/page")
    assert response.status_code == 404
    assert "There is no page at this address" in response.text
    response = await visitor.http.get("/no/such/page", headers={"Sec-Fetch-Dest": "empty"})
    assert response.json() == {"error": {"code": "404", "message": "There is no page at this address"}}


async def test_body_that_is_too_large_is_refused_with_a_page(site: ConsoleSite) -> None:
    visitor = await site.visitor()
    response = await visitor.http.post("/sign-out", data={"csrf": "x" * 300_000})
    assert response.status_code == 413
    assert "larger than the 262,144 bytes" in response.text


async def test_health_is_told_to_anybody_and_readiness_needs_temporal(site: ConsoleSite, cut_off: ConsoleSite) -> None:
    assert (await site.stranger().http.get("/ready", headers={"Host": "10.0.0.7:8090"})).status_code == 200
    assert (await cut_off.stranger().get("/health")).status_code == 200
    assert (await cut_off.stranger().get("/ready")).status_code == 503


async def test_a_notice_is_shown_once_and_not_to_a_script(site: ConsoleSite) -> None:
    visitor = await site.visitor(Role.OPERATOR)
    response = await visitor.post("/systems/desk/switch", {"to": "on"})
    page = response.headers["location"]
    refreshed = await visitor.http.get(page, headers={"Sec-Fetch-Dest": "empty"})
    assert "notice-done" not in refreshed.text
    shown = re.search(r'<p class="notice notice-done" role="status" dir="auto">([^<]+)</p>', await visitor.page(page))
    assert shown is not None
    assert "desk" in shown[1]
    assert "notice-done" not in await visitor.page(page)


async def test_help_explains_every_action_and_the_words_of_pages(site: ConsoleSite) -> None:
    page = await (await site.visitor()).page("/help")
    for spec in ACTIONS.values():
        assert f'<th scope="row">{action_label(spec)}</th>' in page
        assert html.escape(spec.summary, quote=False).replace("'", "&#39;") in page
    assert "<dt>Temporal</dt>" in page
