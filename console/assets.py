"""Style sheets, scripts and icons. Their URLs change with their content, so browsers keep them for ever.

One hash stands for all files, in front of the path: modules import each other by relative paths, and so always get the
files of the same release.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

FOLDER = Path(__file__).parent / "static"
PREFIX = "/static"
IMMUTABLE = "public, max-age=31536000, immutable"
_TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class _Asset:
    content: bytes
    compressed: bytes
    media_type: str


class Assets:
    """All files of a folder, read once."""

    def __init__(self, folder: Path = FOLDER) -> None:
        files = sorted(each for each in folder.rglob("*") if each.is_file())
        self._assets = {each.relative_to(folder).as_posix(): _read(each) for each in files}
        digest = hashlib.sha256()
        for name, asset in self._assets.items():
            digest.update(f"{name}\0{len(asset.content)}\0".encode() + asset.content)
        self.version = digest.hexdigest()[:12]

    def url(self, name: str) -> str:
        """Raises KeyError if there is no such file."""
        if name not in self._assets:
            raise KeyError(f"there is no file {name} in console/static")
        return f"{PREFIX}/{self.version}/{name}"

    def routes(self) -> APIRouter:
        routes = APIRouter()

        @routes.get(PREFIX + "/{version}/{name:path}")
        async def asset(request: Request, version: str, name: str) -> Response:
            found = self._assets.get(name)
            if found is None:
                raise HTTPException(404)
            # A page that was opened before a release still asks for its files by the older version.
            headers = {"Cache-Control": IMMUTABLE if version == self.version else "no-cache", "Vary": "Accept-Encoding"}
            content = found.content
            if "gzip" in request.headers.get("accept-encoding", "") and len(found.compressed) < len(content):
                content, headers["Content-Encoding"] = found.compressed, "gzip"
            return Response(content, media_type=found.media_type, headers=headers)

        return routes


def _read(path: Path) -> _Asset:
    content = path.read_bytes()
    media_type = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return _Asset(content, gzip.compress(content, 9, mtime=0), media_type)
