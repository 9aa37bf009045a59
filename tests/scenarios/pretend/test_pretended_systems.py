"""Which systems of a folder can be pretended."""

from __future__ import annotations

from pathlib import Path

import pytest

from compiler.source.findings import CatalogueInvalid
from scenarios.pretend.pretended_systems import read_systems

PRESS = 'kind: system\nid: press\nbase_url: http://press.example\nexample: {post: /jobs, body: {id: "%s"}}\n'


def test_scenario_without_its_order_does_not_hinder(tmp_path: Path) -> None:
    (tmp_path / "press.yaml").write_text(PRESS % "${number}")
    (tmp_path / "printing.yaml").write_text("kind: scenario\nid: printing\norder: missing.yaml\n")
    assert set(read_systems(tmp_path, ["press"])) == {"press"}


def test_mistake_in_an_example_refuses_the_folder(tmp_path: Path) -> None:
    (tmp_path / "press.yaml").write_text(PRESS % "${numbr}")
    with pytest.raises(CatalogueInvalid, match="numbr"):
        read_systems(tmp_path, ["press"])
