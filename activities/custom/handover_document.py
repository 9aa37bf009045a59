"""`write_handover_document` writes the document that a customer gets when the work is done.

The step gives its content:

    document:
      activity: write_handover_document
      with:
        title: Hand-over of ${order.id}
        sections: {Customer: "${order.customer.name}", Routers: "${workstreams.router.register.outputs}"}

The output is `{file, bytes, sha256}`. The worker's environment variable ORDO_HANDOVER_FOLDER names the folder.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, ValidationError

from activities.registry import BusinessFailure, step_activity
from activity_contract.calls import StepActivity
from compiler.values import as_text

FOLDER_VARIABLE = "ORDO_HANDOVER_FOLDER"


class HandoverDocument(BaseModel):
    model_config = ConfigDict(extra="forbid")

    title: str
    sections: dict[str, Any] = {}
    """Heading → a text, a list, or an object; in this order."""

    def markdown(self) -> str:
        return "\n\n".join(
            [f"# {self.title}", *(f"## {name}\n\n{_text(value)}" for name, value in self.sections.items())]
        )


def _text(value: Any) -> str:
    if isinstance(value, list):
        return "\n".join(f"- {as_text(item)}" for item in value)
    if isinstance(value, dict):
        return "\n".join(f"- {name}: {as_text(item)}" for name, item in value.items())
    return as_text(value)


@step_activity("write_handover_document")
def write_handover_document(step: StepActivity) -> dict[str, Any]:
    """Writes the file atomically, once for each idempotency key. A repeated call returns the file already written."""
    folder = os.environ.get(FOLDER_VARIABLE)
    if not folder:
        raise BusinessFailure("no_handover_folder", f"this worker lacks the environment variable {FOLDER_VARIABLE}")
    try:
        document = HandoverDocument.model_validate(step.with_)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        message = f"`with` of write_handover_document: {where}: {first['msg']}"
        raise BusinessFailure("invalid_request", message) from None
    path = Path(folder) / _file_name(step)
    if not path.exists():
        _write(path, document.markdown() + "\n")
    written = path.read_bytes()
    return {"file": path.name, "bytes": len(written), "sha256": hashlib.sha256(written).hexdigest()}


def _file_name(step: StepActivity) -> str:
    key = hashlib.sha256(step.idempotency_key.encode()).hexdigest()[:12]
    return f"{quote(step.order_id, safe='')}-{key}.md"


def _write(path: Path, text: str) -> None:
    """The first writer wins: an existing file is complete and stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, prefix=".", suffix=".part") as part:
        part.write(text)
        part.flush()
        os.fsync(part.fileno())
        try:
            os.link(part.name, path)
        except FileExistsError:
            return
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
