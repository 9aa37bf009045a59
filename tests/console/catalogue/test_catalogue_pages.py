"""The catalogue over a real worker: its own folder, offers, and versions that are published and taken back."""

from __future__ import annotations

import re

from compiler.catalogue_files import CatalogueFiles
from compiler.load_catalogue import define_complete
from operations.access.roles import Role
from operations.client import OrderClient
from operations.publishing.publish_version import PublishCommand, VersionToPublish
from tests.support.console.site import ConsoleSite, Visitor
from tests.support.workers.gateway_worker import CATALOGUE, eventually
from workflows.contract.order_messages import Actor


def version_of(files: CatalogueFiles) -> VersionToPublish:
    version = define_complete(files.read_documents()).catalogue.version
    return VersionToPublish(version, files.digest, files.pack())


async def test_offers_and_what_they_become(site: ConsoleSite) -> None:
    visitor = await site.visitor(Role.VIEWER)
    page = await eventually(lambda: visitor.page("/catalogue"), lambda text: "The workers&#39; own definitions" in text)
    assert 'href="/catalogue/parcel"' in page
    assert "Nothing has been published" in page
    found = await visitor.page("/catalogue", search="letter OFFER")
    assert 'href="/catalogue/offer_letter"' in found
    assert 'href="/catalogue/parcel"' not in found
    assert "No offer has “&lt;i&gt;”" in await visitor.page("/catalogue", search="<i>")
    parcel = await visitor.page("/catalogue/parcel")
    tracking = '<td data-label="What it may be" dir="auto">string</td><td data-label="Required">yes</td>'
    assert f'<th scope="row" class="id" dir="auto">tracking</th>{tracking}' in parcel
    assert "not published: from the workers' own folders" in parcel
    assert "<dt>Calls</dt><dd>no system</dd>" in parcel or '<dt>Calls</dt><dd><a href="/systems/' in parcel
    assert 'href="#step-1"' in parcel
    assert 'id="step-1"' in parcel
    assert "products.yaml:" in parcel
    assert str(CATALOGUE) not in parcel
    assert not re.findall(r"<style|\sstyle=|<script(?![^>]*\bsrc=)", parcel)
    missing = await visitor.get("/catalogue/parcl")
    assert (missing.status_code, "did you mean `parcel`?" in missing.text) == (404, True)


async def test_versions_are_compared_published_again_and_withdrawn(site: ConsoleSite, orders: OrderClient) -> None:
    text = (CATALOGUE / "products.yaml").read_text()
    first = version_of(CatalogueFiles((("products.yaml", text),)))
    changed = text.replace("within: 30d", "within: 20d").replace("name: Parcel", "name: Parcel <b>")
    second = version_of(CatalogueFiles((("products.yaml", changed),)))
    publisher, viewer = await site.visitor(Role.PUBLISHER), await site.visitor(Role.VIEWER)
    ann = Actor(by="ann", reason="first & <b>best</b>")
    number = (await orders.read_last_publication_number()) + 1
    try:
        await orders.publish(PublishCommand(first, ann))
        await orders.publish(PublishCommand(second, ann.model_copy(update={"reason": "shorter"})))
        await eventually(orders.list_versions, lambda found: len(found) >= 2)
        page = await viewer.page("/catalogue")
        assert f"<h2>Version {number + 1}</h2>" in page
        assert "first &amp; &lt;b&gt;best&lt;/b&gt;" in page
        compared = await viewer.page(f"/catalogue/versions/{number + 1}")
        assert f"What changed from version {number}" in compared
        assert "event within" in compared
        assert "<code>30d</code> → <code>20d</code>" in compared
        assert "Parcel &lt;b&gt;" in compared
        assert "No differences" in await viewer.page(f"/catalogue/versions/{number}", against=number)
        await check_publishing_again(publisher, viewer, number)
    finally:
        await orders.publish(PublishCommand(None, ann))
    page = await viewer.page("/catalogue")
    assert "The workers&#39; own definitions" in page
    assert (await viewer.get("/catalogue/versions/99999")).status_code == 404


async def check_publishing_again(publisher: Visitor, viewer: Visitor, number: int) -> None:
    url = f"/catalogue/versions/{number}/publish"
    assert (await viewer.get(url)).status_code == 403
    confirmation = await publisher.page(url)
    assert f"What changes from version {number + 1}" in confirmation
    seen = {"seen": str(number + 1)}
    assert (await publisher.post(url, {**seen, "do": "publish", "reason": " "})).status_code == 422
    asked = await publisher.post(url, {**seen, "do": "check", "reason": "<i>too short</i>"})
    assert asked.status_code == 200
    assert f"would be in force, instead of version {number + 1}. Nothing was published. Usable by 1 of 1" in asked.text
    assert "can use it" in asked.text
    assert 'value="&lt;i&gt;too short&lt;/i&gt;"' in asked.text
    stale = await publisher.post(url, {"seen": str(number), "do": "publish", "reason": "too short"})
    assert (stale.status_code, "ann has published version" in stale.text) == (409, True)
    shown = await publisher.post_and_follow(url, {**seen, "do": "publish", "reason": "too short"})
    assert f"is in force, instead of version {number + 1}. Taken by 1 of 1 worker." in shown
    assert f"version {number} again" in shown
    withdraw = f"/catalogue/versions/{number + 2}/withdraw"
    assert (await publisher.post(withdraw, {"seen": str(number + 2)})).status_code == 422
    shown = await publisher.post_and_follow(withdraw, {"seen": str(number + 2), "reason": "back to the folder"})
    assert f"Version {number + 2} is withdrawn: nothing is published any more. Own folders are read again" in shown
