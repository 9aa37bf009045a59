"""All files of a folder of definitions, as they are published: names below the folder, and whole texts."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

from compiler.packed_catalogue import SourceFile, UnreadablePack, pack_files, unpack_files
from compiler.source.document import ReadResult
from compiler.source.files import find_yaml_files
from compiler.source.yaml_reader import read_documents


@dataclass(frozen=True)
class CatalogueFiles:
    files: tuple[SourceFile, ...]
    """Sorted by name. A name is a path below the folder, with `/`."""

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all names and texts. The same on every machine, unlike the compressed bytes."""
        canonical = json.dumps(self.files, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()

    def pack(self) -> bytes:
        return pack_files(self.files)

    @classmethod
    def unpack(cls, packed: bytes) -> CatalogueFiles:
        """Raises UnreadablePack."""
        files = tuple(sorted(unpack_files(packed)))
        if outside := [name for name, _ in files if not _is_below_folder(name)]:
            raise UnreadablePack(f"the file {outside[0]!r} is not below the folder")
        return cls(files)

    @classmethod
    def read(cls, folder: Path) -> CatalogueFiles:
        """Every `*.yaml` and `*.yml` below `folder`, except hidden ones. Raises OSError and UnicodeDecodeError."""
        paths = find_yaml_files(folder, [])
        return cls(tuple(sorted((path.relative_to(folder).as_posix(), path.read_bytes().decode()) for path in paths)))

    def write(self, folder: Path) -> None:
        """Creates the folder and those in it. Raises OSError."""
        for name, text in self.files:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())

    def read_documents(self, *, scenarios: bool = False) -> ReadResult:
        """The documents of all files, with or without scenarios, which may name files outside the folder."""
        result = ReadResult()
        for name, text in self.files:
            one = read_documents(text, name)
            result.documents += (each for each in one.documents if scenarios or not each.has_kind("scenario"))
            result.findings += one.findings
        return result


def _is_below_folder(name: str) -> bool:
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts and not {"\\", "\0"} & {*name} and path.name != ""
