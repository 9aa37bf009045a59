"""`schema`, and what it installs for editors."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from compiler.language.modeline import schema_modeline
from tests.support.command_line import call
from tests.support.paths import ROOT


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder beside a catalogue of one offer."""
    (tmp_path / "definitions").mkdir()
    offer = "kind: commercial_product\nid: kit\nattributes: {size: {type: integer}}\nsteps: {ship: {milestone: true}}\n"
    (tmp_path / "definitions/kit.yaml").write_text(offer)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def check_files(schema: Path, *files: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "check_jsonschema", "--schemafile", str(schema), *map(str, files)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_catalogue_s_schema_lists_its_ids(project: Path) -> None:
    schema = call("schema", "--catalogue", "definitions").json
    assert schema["$defs"]["Names_commercial_product"] == {"enum": ["kit"]}
    assert project


def test_install_writes_schemas_that_validators_use(project: Path) -> None:
    done = call("schema", "--install")
    assert done.status == 0
    assert ".ordo/schemas/order.json" in done.out
    order = project / "order.yaml"
    order.write_text("id: O-1\nlines: [{id: '1', product: kit, attributes: {size: 2}}]\n")
    assert check_files(project / ".ordo/schemas/order.json", order).returncode == 0
    order.write_text("id: O-1\nlines: [{id: '1', product: kit, attributes: {sise: 2}}]\n")
    refused = check_files(project / ".ordo/schemas/order.json", order)
    assert refused.returncode == 1
    assert "sise" in refused.stdout


def test_install_keeps_the_settings_of_vs_code(project: Path) -> None:
    settings = project / ".vscode/settings.json"
    settings.parent.mkdir()
    settings.write_text('{"editor.tabSize": 2, "yaml.schemas": {"other.json": "x.yaml"}}')
    call("schema", "--install")
    call("schema", "--install")
    written = json.loads(settings.read_text())
    assert written["json.schemas"] == [{"fileMatch": ["orders/**/*.json"], "url": "./.ordo/schemas/order.json"}]
    assert written["editor.tabSize"] == 2
    assert written["yaml.schemas"]["other.json"] == "x.yaml"
    assert written["yaml.schemas"][".ordo/schemas/definition.json"][0] == "definitions/**/*.yaml"


def test_install_leaves_settings_with_comments_alone(project: Path) -> None:
    settings = project / ".vscode/settings.json"
    settings.parent.mkdir()
    settings.write_text('{\n  // mine\n  "editor.tabSize": 2\n}')
    done = call("schema", "--install")
    assert done.status == 0
    assert "settings.json has comments" in done.err
    assert "// mine" in settings.read_text()


def test_a_missing_folder_is_told(project: Path) -> None:
    done = call("schema", "--catalogue", "missing")
    assert done.status != 0
    assert "there is no folder missing" in done.err
    assert project


def test_the_shipped_definitions_and_orders_fit_the_installed_schemas(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    call("schema", "--install", "--catalogue", str(ROOT / "definitions"))
    single = [file for file in sorted(ROOT.glob("definitions/**/*.yaml")) if "\n---" not in file.read_text()]
    assert len(single) > 10
    assert (found := check_files(tmp_path / ".ordo/schemas/definition.json", *single)).returncode == 0, found.stdout
    orders = [file for file in sorted((ROOT / "orders").iterdir()) if file.suffix in (".yaml", ".json")]
    assert (found := check_files(tmp_path / ".ordo/schemas/order.json", *orders)).returncode == 0, found.stdout


def test_the_modeline_of_a_file_leads_to_its_schema(project: Path) -> None:
    call("schema", "--install")
    file = Path("definitions/offers/new.yaml")
    named = schema_modeline(file, "definition").partition("$schema=")[2]
    assert (project / file.parent / named).resolve() == project / ".ordo/schemas/definition.json"
