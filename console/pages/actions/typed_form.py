"""What a browser has sent with a form."""

from __future__ import annotations

from fastapi import Request
from starlette.datastructures import UploadFile

from operations.errors import OperationRefused
from workflows.contract.order_messages import RefusalCode

MAX_FIELDS = 2_000
MAX_FIELD_BYTES = 2_000_000


async def read_typed(request: Request) -> dict[str, str]:
    """The texts of all fields; a file counts as its text. Raises OperationRefused for a file that is no text."""
    typed: dict[str, str] = {}
    form = await request.form(max_fields=MAX_FIELDS, max_part_size=MAX_FIELD_BYTES)
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            data = await value.read()
            try:
                typed[name] = data.decode("utf-8-sig")
            except UnicodeDecodeError as error:
                message = f"{value.filename} is not UTF-8 text (at byte {error.start + 1})"
                raise OperationRefused(RefusalCode.INVALID, message) from error
        else:
            typed[name] = value.replace("\r\n", "\n")
    return typed


def local_path(text: str | None) -> str:
    """A path of the console to go back to; empty for anything else."""
    is_local = text is not None and text.startswith("/") and not text.startswith(("//", "/\\"))
    return text if text is not None and is_local else ""
