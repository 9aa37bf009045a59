"""`schema`: JSON Schema for editors, of the language or of a catalogue."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.framework.command import register_command
from cli.framework.errors import UsageError
from cli.framework.options import value_option
from cli.framework.session import Session
from compiler.source.findings import did_you_mean

if TYPE_CHECKING:
    from compiler.catalogue.definition_index import DefinitionIndex

PANEL = "Without a server"
VSCODE_SETTINGS = Path(".vscode/settings.json")


def register(app: typer.Typer) -> None:
    register_command(app, "schema", PANEL)(schema)


def schema(
    session: Session,
    kind: Annotated[
        str | None,
        typer.Argument(
            metavar="KIND",
            help="A kind of definition, `order` or `environment`. Default: all definitions.",
            show_default=False,
        ),
    ] = None,
    catalogue: Annotated[
        Path | None, value_option("DIR", "List the ids and attributes of the definitions in this folder.")
    ] = None,
    install: Annotated[
        bool, typer.Option("--install", help="Write the schemas of the catalogue, and VS Code's settings for them.")
    ] = False,
) -> None:
    """Print a JSON Schema for editors.

    With --catalogue it lists what a catalogue has: products, systems, steps, attributes. --install writes such schemas
    to .ordo/schemas and tells VS Code in .vscode/settings.json.
    """
    from compiler.editing.catalogue_schema import catalogue_schema
    from compiler.language.json_schema import json_schema, schema_kinds

    if kind is not None and kind not in schema_kinds():
        hint = did_you_mean(kind, schema_kinds()) or "."
        raise UsageError(f"There is no kind `{kind}`{hint} The kinds are {', '.join(schema_kinds())}")
    if install:
        if kind is not None:
            raise UsageError("--install writes the schemas of all kinds: omit the KIND")
        folder = catalogue or session.definitions_dir
        _report_installation(session, write_schemas(folder), write_vscode_settings(folder))
    elif catalogue is not None:
        session.print_json(catalogue_schema(_read_index(catalogue), kind))
    else:
        session.print_json(json_schema(kind))


def write_schemas(definitions: Path) -> list[Path]:
    """Writes the schemas of this catalogue's definitions, orders and environments to .ordo/schemas.

    Raises CatalogueInvalid if there is no such folder, OSError if a file cannot be written.
    """
    from compiler.editing.catalogue_schema import catalogue_schema
    from compiler.language.modeline import SchemaFile, schema_path

    index = _read_index(definitions)
    kinds: dict[SchemaFile, str | None] = {"definition": None, "order": "order", "environment": "environment"}
    written = []
    for name, kind in kinds.items():
        path = schema_path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(catalogue_schema(index, kind), ensure_ascii=False) + "\n", encoding="utf-8")
        written.append(path)
    return written


def _read_index(definitions: Path) -> DefinitionIndex:
    """Definitions with errors are left out. Raises CatalogueInvalid if none could be read."""
    from compiler.incremental_loader import IncrementalLoader
    from compiler.source.findings import CatalogueInvalid

    loaded = IncrementalLoader([definitions]).load()
    if not loaded.documents and loaded.refused:
        raise CatalogueInvalid(loaded.findings)
    return loaded.index


def write_vscode_settings(definitions: Path) -> bool:
    """Adds the schemas to .vscode/settings.json, and keeps what is there.

    Returns False, and writes nothing, if the file is not plain JSON: VS Code allows comments, which would be lost.
    """
    from compiler.language.modeline import schema_path

    settings: dict[str, Any] = {}
    if VSCODE_SETTINGS.exists():
        try:
            settings = json.loads(VSCODE_SETTINGS.read_text(encoding="utf-8") or "{}")
        except ValueError:
            return False
        if not _can_be_extended(settings):
            return False
    schemas = settings.setdefault("yaml.schemas", {})
    for path, folder in ((schema_path("definition"), definitions), (schema_path("order"), Path("orders"))):
        schemas[path.as_posix()] = [f"{folder.as_posix()}/**/*.{suffix}" for suffix in ("yaml", "yml")]
    json_orders = {"fileMatch": ["orders/**/*.json"], "url": f"./{schema_path('order').as_posix()}"}
    others = [one for one in settings.get("json.schemas", []) if one != json_orders]
    settings["json.schemas"] = [*others, json_orders]
    VSCODE_SETTINGS.parent.mkdir(exist_ok=True)
    VSCODE_SETTINGS.write_text(json.dumps(settings, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return True


def _can_be_extended(settings: object) -> bool:
    return (
        isinstance(settings, dict)
        and isinstance(settings.get("yaml.schemas", {}), dict)
        and isinstance(settings.get("json.schemas", []), list)
    )


def _report_installation(session: Session, schemas: list[Path], has_settings: bool) -> None:
    files = [*schemas, *([VSCODE_SETTINGS] if has_settings else [])]
    session.print_result({"written": [str(file) for file in files]}, f"Written: {', '.join(map(str, files))}")
    if not has_settings:
        session.print_note(
            f"{VSCODE_SETTINGS} has comments, or is not JSON, and is not changed: add `yaml.schemas` to it by hand, as "
            "docs/editors.md shows"
        )
