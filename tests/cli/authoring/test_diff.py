"""`diff`: folders and git revisions, its formats and exit statuses, and the example in docs/cli.md."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.command_line import NOBODY, Called, call
from tests.support.paths import ROOT

OFFER = "offers/home_security.yaml"
EDITS = (
    (OFFER, "maximum: 16, default: 2", "maximum: 8, default: 2"),
    (OFFER, "149.0 : 29.0", "159.0 : 29.0"),
    (OFFER, "hours: 2.5", "hours: 3.0"),
    ("technical/shipment.yaml", "sla: {duration: 3d", "sla: {duration: 2d"),
    ("systems.yaml", "probe: /ready\ntimeout: 20s\nretry: standard\nlimits: {concurrency: 16, per_second: 50}", ""),
)
"""The edits of the example on the page. Of the last, only the timeout is another."""


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A git repository with the shipped definitions and orders, as the current folder."""
    for folder in ("definitions", "orders"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    monkeypatch.chdir(tmp_path)
    git("init", "--quiet", "--initial-branch=main")
    commit("The shipped offers")
    return tmp_path


def git(*arguments: str) -> None:
    identity = ("-c", "user.name=Ann", "-c", "user.email=ann@example.com")
    subprocess.run(["git", *identity, *arguments], check=True, capture_output=True)


def commit(message: str) -> None:
    git("add", "--all")
    git("commit", "--quiet", "--message", message)


def edit(folder: Path, file: str, before: str, after: str) -> None:
    path = folder / file
    text = path.read_text()
    assert text.count(before) == 1, before
    path.write_text(text.replace(before, after or before.replace("20s", "30s")))


def diff(*arguments: str) -> Called:
    return call("diff", *arguments, "--address", NOBODY)


def test_example_on_the_page_is_what_one_gets(repository: Path) -> None:
    for file, before, after in EDITS:
        edit(repository / "definitions", file, before, after)
    page = (ROOT / "docs" / "cli.md").read_text()
    shown = re.findall(r"```\n\$ python starter\.py diff\n(.*?)```", page, re.DOTALL)
    assert [diff().out] == shown


@pytest.mark.usefixtures("repository")
def test_nothing_has_changed_since_the_last_commit() -> None:
    assert diff("--fail-on", "change") == Called(0, "HEAD:definitions → definitions: no changes\n", "")


def test_revisions_are_compared_without_what_is_not_committed(repository: Path) -> None:
    edit(repository / "definitions", *EDITS[0])
    commit("Fewer cameras")
    edit(repository / "definitions", *EDITS[1])
    told = diff("HEAD~1", "main:definitions")
    assert told.out.startswith("HEAD~1:definitions → main:definitions: 1 change in 1 definition: 1 breaking\n")
    assert "offers/home_security.yaml:10:47" in told.out
    assert "setup_fee" not in told.out


def test_path_of_a_revision_may_begin_at_this_folder(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repository / "definitions")
    assert diff("main:./offers/..", ".").status == 0


@pytest.mark.parametrize(
    ("option", "edits", "status"),
    [
        ((), EDITS[:1], 0),
        (("--fail-on", "breaking"), EDITS[:1], 1),
        (("--fail-on", "breaking"), EDITS[1:], 0),
        (("--fail-on", "change"), EDITS[1:], 1),
        (("--fail-on", "change"), [(OFFER, "name: Home Security Package", "name: Home Security")], 0),
    ],
)
def test_exit_status(repository: Path, option: tuple[str, ...], edits: list[tuple[str, str, str]], status: int) -> None:
    for file, before, after in edits:
        edit(repository / "definitions", file, before, after)
    assert diff(*option).status == status


def test_order_that_is_now_rejected_fails_and_says_why(repository: Path) -> None:
    order = repository / "many.yaml"
    order.write_text("{id: O-1, lines: [{id: '1', product: home_security, attributes: {cameras: 12}}]}")
    edit(repository / "definitions", *EDITS[0])
    told = diff("--orders", "many.yaml", "--fail-on", "breaking")
    assert told.status == 1
    assert "O-1: rejected now, and accepted before  many.yaml\n" in told.out
    assert "`cameras` must be at most 8, and is `12`" in told.out


def test_json_has_the_changes_as_data(repository: Path) -> None:
    edit(repository / "definitions", *EDITS[0])
    told = diff("-o", "json", "--orders", "orders").json
    assert (told["severity"], told["counts"]) == ("breaking", {"breaking": 1, "behaviour": 0, "cosmetic": 0, "new": 0})
    (change,) = told["changes"]
    assert change == {
        "kind": "commercial_product",
        "id": "home_security",
        "name": "Home Security Package",
        "path": ["attributes", "cameras", "maximum"],
        "change": "changed",
        "before": 16.0,
        "after": 8.0,
        "severity": "breaking",
        "effect": "rejects_orders",
        "concerns": [],
        "location": "definitions/offers/home_security.yaml:10:47",
        "text": "attribute `cameras`: maximum `16` → `8`",
        "part_of": None,
        "outline": [],
    }
    assert {order["outcome"] for order in told["orders"]} == {"same_plan"}


def test_markdown_begins_with_what_is_breaking(repository: Path) -> None:
    for file, before, after in EDITS[:2]:
        edit(repository / "definitions", file, before, after)
    lines = diff("-o", "markdown").out.splitlines()
    assert lines[0] == "## Catalogue: 2 changes in 1 definition: 1 breaking, 1 behaviour"
    assert lines[4:7] == [
        "**Breaking:**",
        "",
        "- Home Security Package: attribute `cameras`: maximum `16` → `8`; orders that were valid are rejected",
    ]
    assert "### Home Security Package (offer `home_security`)" in lines


@pytest.mark.parametrize(
    ("old", "message"),
    [
        ("nowhere", "`nowhere` is no folder, no git revision, and no published version"),
        ("--output=x", "x"),
        ("main:elsewhere", "`main` has no folder `elsewhere`"),
        ("HEAD~7", "`HEAD~7` is no folder"),
        ("-x:definitions", "x"),
    ],
)
@pytest.mark.usefixtures("repository")
def test_unknown_version_is_a_clear_error(old: str, message: str) -> None:
    told = diff(old)
    assert told.status == 2
    assert message in told.err


def test_revision_that_looks_like_an_option_is_no_option_of_git(repository: Path) -> None:
    told = diff("--", "--output=stolen")
    assert told.status == 2
    assert not (repository / "stolen").exists()


def test_catalogue_with_errors_cannot_be_compared(repository: Path) -> None:
    edit(repository / "definitions", OFFER, "product: alarm_hub\n", "product: alarm_hubb\n")
    told = diff()
    assert told.status == 1
    assert "definitions cannot be compared, because it has errors" in told.err
    assert "definitions/offers/home_security.yaml:20:14" in told.err


@pytest.mark.usefixtures("repository")
def test_scenarios_without_their_orders_do_not_hinder_a_comparison() -> None:
    """A copied folder leaves the order files behind that its scenarios name."""
    shutil.copytree("definitions", "old/definitions")
    assert call("validate", "old/definitions").status == 1
    called = diff("definitions", "old/definitions")
    assert (called.status, called.out) == (0, "definitions → old/definitions: no changes\n")


@pytest.mark.usefixtures("repository")
def test_single_file_is_compared_without_its_scenarios() -> None:
    text = "kind: system\nid: press\nbase_url: http://press.example\n"
    Path("before.yaml").write_text(text)
    Path("after.yaml").write_text(text + "---\nkind: scenario\nid: printing\norder: missing.yaml\n")
    called = diff("before.yaml", "after.yaml")
    assert (called.status, called.out) == (0, "before.yaml → after.yaml: no changes\n")


@pytest.mark.parametrize(("fail_on", "status"), [("breaking", 0), ("change", 1)])
def test_new_offer_only_fails_on_change(repository: Path, fail_on: str, status: int) -> None:
    text = "kind: commercial_product\nid: advice\nsteps: {talk: {manual: {queue: experts}}}\n"
    (repository / "definitions" / "advice.yaml").write_text(text)
    told = diff("--fail-on", fail_on)
    assert told.status == status
    assert told.out == (
        "HEAD:definitions → definitions: 1 change in 1 definition: 1 new\n\n"
        "advice  offer advice\n"
        "  new        the offer is new  definitions/advice.yaml:2:5\n"
        "    Steps: 1. `talk`: a task in `experts`\n"
    )
