"""The catalogue in force is the last good one; what its files say now, once that makes sense."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from activities import custom
from activities.compilation.live_catalogue import (
    CatalogueSnapshot,
    CatalogueUnusable,
    LiveCatalogue,
    PublishedFiles,
    read_catalogue,
)
from activities.registry import activity_check, registered_activities
from compiler.catalogue.pretended import Pretended
from compiler.catalogue_files import CatalogueFiles
from compiler.incremental_loader import CatalogueLoader
from tests.support.paths import ROOT

OFFER = """
kind: commercial_product
id: {id}
steps:
  greet: {{call: {{system: greeter, post: /greetings, body: {{to: "${{order.customer.name}}"}}}}}}
"""
SYSTEM = """
kind: system
id: greeter
base_url: ${env.GREETER_URL}
auth: {bearer: {env: GREETER_TOKEN}}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GREETER_URL", "http://greeter.example")
    monkeypatch.setenv("GREETER_TOKEN", "t")
    folder = tmp_path / "definitions"
    folder.mkdir()
    (folder / "systems.yaml").write_text(SYSTEM)
    (folder / "offer.yaml").write_text(OFFER.format(id="welcome"))
    return folder


async def test_a_new_file_is_in_force_for_the_very_next_look(folder: Path) -> None:
    catalogues = LiveCatalogue(folder)
    before = catalogues.current
    (folder / "second.yaml").write_text(OFFER.format(id="goodbye"))
    after = await catalogues.refresh()
    assert set(after.catalogue.products) == {"welcome", "goodbye"}
    assert after.catalogue.version != before.catalogue.version
    assert set(before.catalogue.products) == {"welcome"}, "who holds the old one keeps it"


async def test_an_edit_replaces_only_what_is_in_its_file(folder: Path) -> None:
    (folder / "second.yaml").write_text(OFFER.format(id="goodbye"))
    catalogues = LiveCatalogue(folder)
    before = catalogues.current.catalogue.products
    (folder / "second.yaml").write_text(OFFER.format(id="goodbye") + "name: Goodbye\n")
    after = (await catalogues.refresh()).catalogue.products
    assert (before["goodbye"].name, after["goodbye"].name) == ("goodbye", "Goodbye")
    assert after["welcome"] is before["welcome"]


async def test_a_look_at_files_that_have_not_changed_changes_nothing(folder: Path) -> None:
    catalogues = LiveCatalogue(folder)
    before = catalogues.current
    assert await catalogues.refresh() is before


@pytest.mark.parametrize(
    "broken", ["kind: commercial_product\nid: [", OFFER.format(id="goodbye").replace("greeter", "gretter"), "\0"]
)
async def test_an_invalid_edit_is_refused_as_a_whole_told_once_and_the_last_good_one_stays(
    folder: Path, broken: str
) -> None:
    catalogues = LiveCatalogue(folder)
    before = catalogues.current
    (folder / "fine.yaml").write_text(OFFER.format(id="fine"))
    (folder / "second.yaml").write_text(broken)
    with capture_logs() as said:
        assert await catalogues.refresh() is before
        assert await catalogues.refresh() is before
    refused = [line for line in said if line["log_level"] == "error"]
    assert len(refused) == 1
    assert any("second.yaml:" in problem for problem in refused[0]["problems"])
    (folder / "second.yaml").write_text(OFFER.format(id="goodbye"))
    assert set((await catalogues.refresh()).catalogue.products) == {"welcome", "fine", "goodbye"}


async def test_an_edit_that_names_what_the_environment_lacks_is_refused(folder: Path) -> None:
    catalogues = LiveCatalogue(folder)
    (folder / "more.yaml").write_text("kind: system\nid: other\nbase_url: ${env.NOWHERE_URL}\n")
    with capture_logs() as said:
        assert "other" not in (await catalogues.refresh()).systems
    assert any("NOWHERE_URL" in problem for problem in said[0]["problems"])


async def test_a_folder_that_is_gone_leaves_the_last_good_catalogue_in_force(folder: Path) -> None:
    catalogues = LiveCatalogue(folder)
    shutil.rmtree(folder)
    with capture_logs() as said:
        assert set((await catalogues.refresh()).catalogue.products) == {"welcome"}
    assert said[0]["log_level"] == "error"


async def test_a_catalogue_that_cannot_be_used_is_refused_with_every_reason(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GREETER_URL")
    monkeypatch.delenv("GREETER_TOKEN")
    with pytest.raises(CatalogueUnusable) as refused:
        LiveCatalogue(folder)
    assert refused.value.problems == (
        "system greeter: the environment variable GREETER_URL is not set",
        "system greeter: the environment variable GREETER_TOKEN, which holds a secret, is not set",
    )


async def test_a_variable_that_the_definition_can_do_without_may_be_missing(folder: Path) -> None:
    url = """'${has(env.NOT_SET) ? env.NOT_SET : "http://fallback.example"}'"""
    (folder / "systems.yaml").write_text(SYSTEM.replace("${env.GREETER_URL}", url))
    greeter = LiveCatalogue(folder).system("greeter")
    assert greeter is not None
    assert greeter.endpoint.base.host == "fallback.example"


async def test_an_address_that_is_none_is_refused_without_showing_what_may_be_secret_in_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GREETER_URL", "http://user:hidden@greeter.example")
    with pytest.raises(CatalogueUnusable) as refused:
        LiveCatalogue(folder)
    assert "system greeter: its base_url" in str(refused.value)
    assert "hidden" not in str(refused.value)


async def test_an_environments_file_is_laid_over_the_systems_and_watched_too(folder: Path, tmp_path: Path) -> None:
    environment = tmp_path / "staging.yaml"
    environment.write_text("kind: system\nid: greeter\nbase_url: http://staging.example\n")
    catalogues = LiveCatalogue(folder, environment)
    version = catalogues.current.catalogue.version
    assert catalogues.current.systems["greeter"].endpoint.base.host == "staging.example"
    environment.write_text("kind: system\nid: greeter\nbase_url: http://moved.example\n")
    moved = await catalogues.refresh()
    assert moved.systems["greeter"].endpoint.base.host == "moved.example"
    assert moved.catalogue.version == version, "systems are operations', not the catalogue's"


async def test_new_pretended_system_needs_no_second_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GREETER_TOKEN")
    (folder / "systems.yaml").write_text(SYSTEM + "example: {status: 201}\n")
    catalogues = LiveCatalogue(folder, pretended=Pretended("http://127.0.0.1:8090"))
    new = "kind: system\nid: printer\nbase_url: ${env.PRINTER_URL}\nheaders: {X-Key: '${env.KEY}'}\n"
    (folder / "new.yaml").write_text(new + "example: {status: 201}\n")
    printer = (await catalogues.refresh()).systems["printer"].endpoint
    assert catalogues.refusal is None
    assert (printer.base.origin, printer.base.prefix) == ("http://127.0.0.1:8090", "/printer")
    (folder / "new.yaml").write_text(new)
    await catalogues.refresh()
    assert catalogues.refusal is not None, "without an example it is real"


async def test_listeners_are_told_of_each_new_catalogue(folder: Path) -> None:
    catalogues = LiveCatalogue(folder)
    told: list[CatalogueSnapshot] = []
    catalogues.listeners.append(told.append)
    await catalogues.refresh()
    (folder / "second.yaml").write_text(OFFER.format(id="goodbye"))
    current = await catalogues.refresh()
    assert told == [current]


async def test_refused_edit_is_kept_with_its_problems_until_it_is_fixed(folder: Path) -> None:
    catalogues = LiveCatalogue(folder)
    calls: list[bool] = []
    catalogues.status_listeners.append(lambda: calls.append(catalogues.refusal is not None))
    assert catalogues.refusal is None
    (folder / "second.yaml").write_text("kind: nothing")
    await catalogues.refresh()
    assert catalogues.refusal is not None
    assert "second.yaml:1" in catalogues.refusal.problems[0]
    (folder / "second.yaml").unlink()
    await catalogues.refresh()
    assert catalogues.refusal is None
    assert calls == [True, False]


async def test_many_who_ask_at_once_all_get_what_was_there_when_they_asked(folder: Path) -> None:
    catalogues = LiveCatalogue(folder)
    asking = [asyncio.create_task(catalogues.refresh()) for _ in range(10)]
    await asyncio.sleep(0)  # the first look has begun
    (folder / "second.yaml").write_text(OFFER.format(id="goodbye"))
    late = await asyncio.gather(*(catalogues.refresh() for _ in range(10)))
    assert all("goodbye" in found.catalogue.products for found in late)
    await asyncio.gather(*asking)


async def test_the_watch_finds_an_edit_although_nobody_compiles(folder: Path) -> None:
    catalogues = LiveCatalogue(folder)
    changed = asyncio.Event()
    catalogues.listeners.append(lambda _: changed.set())
    watching = asyncio.create_task(catalogues.watch())
    (folder / "second.yaml").write_text(OFFER.format(id="goodbye"))
    await asyncio.wait_for(changed.wait(), 20)
    watching.cancel()


async def test_links_in_a_circle_do_not_hang_the_look(folder: Path) -> None:
    catalogues = LiveCatalogue(folder)
    (folder / "round").symlink_to(folder)
    (folder / "second.yaml").write_text(OFFER.format(id="goodbye"))
    assert set((await catalogues.refresh()).catalogue.products) == {"welcome"}, "the circle is an error of its own"


async def test_an_activity_that_no_module_registers_is_named_with_its_place(folder: Path) -> None:
    text = "kind: commercial_product\nid: doc\nsteps:\n  write:\n    activity: write_handover_documnt\n"
    (folder / "doc.yaml").write_text(text)
    with pytest.raises(CatalogueUnusable) as refused:
        LiveCatalogue(folder, check=activity_check(registered_activities()))
    assert "doc.yaml:4:" in str(refused.value)
    assert "did you mean `write_handover_document`?" in str(refused.value)


async def test_module_that_is_added_later_registers_nothing_with_a_worker_that_runs(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalogues = LiveCatalogue(folder, check=activity_check(registered_activities()))
    before = catalogues.current
    modules = tmp_path / "modules"
    modules.mkdir()
    (modules / "label_of_the_test.py").write_text(
        "from activities.registry import step_activity\n\n"
        "@step_activity('print_label_of_the_test')\nasync def run(step): ...\n"
    )
    monkeypatch.setattr(custom, "__path__", [*custom.__path__, str(modules)])
    text = "kind: commercial_product\nid: label\nsteps:\n  print: {activity: print_label_of_the_test}\n"
    (folder / "label.yaml").write_text(text)
    assert await catalogues.refresh() is before
    assert catalogues.refusal is not None
    (problem,) = catalogues.refusal.problems
    assert "label.yaml:4:" in problem
    assert "`print_label_of_the_test`" in problem
    assert "restart the worker" in problem


async def test_the_shipped_catalogue_can_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for system in (
        "INVENTORY",
        "LOGISTICS",
        "INSTALLATION",
        "SUBSCRIPTION",
        "WARRANTY",
        "BILLING",
        "ACCESS",
        "NETWORK",
    ):
        monkeypatch.setenv(f"{system}_URL", f"http://127.0.0.1:8100/{system.lower()}")
        for kind in ("TOKEN", "API_KEY", "PASSWORD"):
            monkeypatch.setenv(f"{system}_{kind}", "sandbox")
    monkeypatch.setenv("CUSTOMER_CARE_URL", "http://127.0.0.1:8100/_notifications")
    monkeypatch.setenv("CUSTOMER_CARE_SECRET", "sandbox")
    current = LiveCatalogue(ROOT / "definitions", check=activity_check(registered_activities())).current
    assert (len(current.systems), len(current.receivers)) == (8, 1)


def test_a_refusal_names_errors_and_leaves_out_warnings(tmp_path: Path) -> None:
    waiting = "kind: commercial_product\nid: {}\nsteps:\n  paid: {{event: {{name: paid}}}}\n"
    (tmp_path / "a.yaml").write_text(waiting.format("a"))
    (tmp_path / "b.yaml").write_text(waiting.format("b") + "bogus: 1\n")
    with pytest.raises(CatalogueUnusable) as refused:
        read_catalogue(CatalogueLoader(tmp_path), {})
    assert refused.value.problems
    assert not any("warning" in problem for problem in refused.value.problems)
    assert "bogus" in refused.value.problems[0]


def published(folder: Path, product: str, number: int = 1) -> PublishedFiles:
    """A version with the product and the system of the folder."""
    files = (("offer.yaml", OFFER.format(id=product)), ("systems.yaml", (folder / "systems.yaml").read_text()))
    return PublishedFiles(number, CatalogueFiles(files))


async def test_a_published_version_takes_the_place_of_the_folder_until_it_is_withdrawn(folder: Path) -> None:
    catalogues = LiveCatalogue(folder)
    told: list[CatalogueSnapshot] = []
    catalogues.listeners.append(told.append)
    await catalogues.take(published(folder, "published", 7))
    assert set(catalogues.current.catalogue.products) == {"published"}
    assert (catalogues.current.published, catalogues.current.is_own) == (7, False)
    (folder / "second.yaml").write_text(OFFER.format(id="goodbye"))
    assert await catalogues.refresh() is told[-1], "the folder does not count"
    await catalogues.watch_files()
    assert set(catalogues.current.catalogue.products) == {"welcome", "goodbye"}
    assert (catalogues.current.published, catalogues.current.is_own) == (None, True)
    assert [snapshot.published for snapshot in told] == [7, None]


async def test_a_version_that_cannot_be_used_here_changes_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalogues = LiveCatalogue(folder)
    before = catalogues.current
    monkeypatch.delenv("GREETER_TOKEN")
    version = published(folder, "published")
    problem = "system greeter: the environment variable GREETER_TOKEN, which holds a secret, is not set"
    assert await catalogues.judge(version.files) == (problem,)
    with pytest.raises(CatalogueUnusable):
        await catalogues.take(version)
    assert catalogues.current is before
    assert catalogues.refusal is None
    (folder / "second.yaml").write_text(OFFER.format(id="goodbye"))
    monkeypatch.setenv("GREETER_TOKEN", "t")
    assert set((await catalogues.refresh()).catalogue.products) == {"welcome", "goodbye"}, "the folder still counts"


async def test_a_version_that_was_judged_is_taken_without_reading_it_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalogues = LiveCatalogue(folder)
    version = published(folder, "published")
    assert await catalogues.judge(version.files) == ()
    assert set(catalogues.current.catalogue.products) == {"welcome"}
    monkeypatch.delenv("GREETER_URL")  # it could not be read now
    await catalogues.take(version)
    assert set(catalogues.current.catalogue.products) == {"published"}


async def test_the_environments_file_is_watched_while_a_version_is_published(folder: Path, tmp_path: Path) -> None:
    environment = tmp_path / "environment.yaml"
    environment.write_text("kind: system\nid: greeter\nbase_url: http://one.example\n")
    catalogues = LiveCatalogue(folder, environment)
    await catalogues.take(published(folder, "published", 7))
    environment.write_text("kind: system\nid: greeter\nbase_url: http://another.example\n")
    snapshot = await catalogues.refresh()
    assert snapshot.systems["greeter"].endpoint.base.host == "another.example"
    assert snapshot.published == 7
    environment.write_text("kind: nothing\n")
    assert await catalogues.refresh() is snapshot
    assert catalogues.refusal is not None


async def test_a_folder_that_is_refused_when_all_is_withdrawn_leaves_the_version_in_force(folder: Path) -> None:
    catalogues = LiveCatalogue(folder)
    await catalogues.take(published(folder, "published"))
    shutil.rmtree(folder)
    with capture_logs():
        await catalogues.watch_files()
    assert set(catalogues.current.catalogue.products) == {"published"}
    assert catalogues.refusal is not None
    assert "there is no folder" in catalogues.refusal.problems[0]


def test_a_worker_starts_with_a_published_version_without_a_folder(folder: Path, tmp_path: Path) -> None:
    catalogues = LiveCatalogue(tmp_path / "missing", published=published(folder, "published"))
    assert set(catalogues.current.catalogue.products) == {"published"}
    assert catalogues.current.published == 1
