"""The environment of workers that call pretend systems: an address each, and no authentication."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from compiler.language.systems import System


def write_environment(file: Path, address: str, systems: Mapping[str, System]) -> None:
    """Writes an environment file (docs/language.md, System and retry) for `--environment`.

    Headers with `${env.NAME}` are left out, so that a worker needs no variable for a pretend system.
    """
    documents = [
        {
            "kind": "system",
            "id": name,
            "base_url": f"{address}/{name}",
            "auth": None,
            "headers": {header: value for header, value in system.headers.items() if "${" not in value},
        }
        for name, system in systems.items()
    ]
    new = file.with_suffix(".new")
    new.write_text("\n---\n".join(json.dumps(document) for document in documents) + "\n", encoding="utf-8")
    os.replace(new, file)
