"""Renames in the shipped catalogue: afterwards it is valid with its orders, and all its scenarios pass."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from compiler.editing.cursor import Position
from compiler.editing.rename import replace_occurrences
from compiler.editing.workspace import Workspace
from tests.support.command_line import call
from tests.support.editors.cursor_text import split_cursor
from tests.support.paths import ROOT

RENAMES = (
    ("offers/home_security.yaml", "  cam‸eras: ", "units"),
    ("technical/security_camera.yaml", "  res‸erve:\n", "allocate"),
    ("technical/shipment.yaml", "id: ship‸ment\n", "parcel"),
    ("systems.yaml", "id: inven‸tory\n", "stock"),
    ("classes/recurring_service.yaml", "id: recur‸ring_service\n", "subscription"),
)


def place(text: str, near: str) -> Position:
    part, _ = split_cursor(near)
    assert text.count(part) == 1
    return split_cursor(text.replace(part, near))[1]


def test_the_catalogue_still_does_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("definitions", "orders"):
        shutil.copytree(ROOT / name, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    for name, near, new_name in RENAMES:
        file = tmp_path / "definitions" / name
        places = Workspace(tmp_path / "definitions").rename(tmp_path, file, place(file.read_text(), near), new_name)
        for changed in {Path(one.file) for one in places}:
            inside = [one for one in places if Path(one.file) == changed]
            changed.write_text(replace_occurrences(changed.read_text(), inside, new_name))
    texts = "".join(file.read_text() for folder in ("definitions", "orders") for file in Path(folder).rglob("*.*"))
    assert "attributes.cameras" not in texts
    assert "inventory, post" not in texts
    checked = call("validate", "definitions", "orders")
    assert checked.status == 0, checked.out
    tested = call("test", "--fast")
    assert tested.status == 0, tested.out
