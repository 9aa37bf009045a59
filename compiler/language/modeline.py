"""The comment with which a file tells editors its JSON Schema."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

SchemaFile = Literal["definition", "order", "environment"]
SCHEMA_FOLDER = Path(".ordo/schemas")
"""Where the schemas of a catalogue are, from the working folder."""


def schema_path(schema: SchemaFile, folder: Path = SCHEMA_FOLDER) -> Path:
    return folder / f"{schema}.json"


def schema_modeline(file: Path, schema: SchemaFile, folder: Path = SCHEMA_FOLDER) -> str:
    """The first line of `file`, without a line break. The path in it is relative to the file, as editors read it."""
    relative = os.path.relpath(schema_path(schema, folder), file.parent)
    return f"# yaml-language-server: $schema={Path(relative).as_posix()}"
