"""Reads definitions from disk: one file, or all files below a folder."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from compiler.source.decoding import MAX_FILE_BYTES, file_finding, file_too_large
from compiler.source.document import ReadResult
from compiler.source.findings import Finding
from compiler.source.yaml_reader import read_documents

YAML_SUFFIXES = (".yaml", ".yml")


Parse = Callable[[bytes, str], ReadResult]
"""What is in the bytes of a file, given its name."""


def read_file(path: Path, parse: Parse = read_documents) -> ReadResult:
    """The documents of one file on disk."""
    file = str(path)
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            return ReadResult(findings=[file_finding(file, "file-unreadable", f"{file} is not a regular file")])
        if status.st_size > MAX_FILE_BYTES:
            return ReadResult(findings=[file_too_large(file, status.st_size)])
        return parse(path.read_bytes(), file)
    except FileNotFoundError:
        return ReadResult(findings=[file_finding(file, "file-missing", f"there is no file {file}")])
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        return ReadResult(findings=[file_finding(file, "file-unreadable", f"{file} cannot be read: {reason}")])


def read_folder(folder: Path, parse: Parse = read_documents, unsaved: Iterable[Path] = ()) -> ReadResult:
    """The documents of every `*.yaml` and `*.yml` below `folder`, sorted by path. Hidden files are ignored.

    `unsaved`: files below the folder that are not on disk yet, but that `parse` knows.
    """
    if not folder.is_dir():
        problem = f"{folder} is not a folder" if folder.exists() else f"there is no folder {folder}"
        message = f"{problem}; definitions are read from a folder"
        return ReadResult(findings=[file_finding(str(folder), "folder-missing", message)])
    result = ReadResult()
    found = {*find_yaml_files(folder, result.findings)}
    files = sorted({*found, *unsaved}, key=lambda path: path.relative_to(folder).as_posix())
    for path in files:
        one = read_file(path, parse) if path in found else parse(b"", str(path))
        result.documents += one.documents
        result.findings += one.findings
    if not files and not result.findings:
        message = f"{folder} holds no definitions: no file there ends in .yaml or .yml"
        result.findings.append(file_finding(str(folder), "catalogue-empty", message, warning=True))
    return result


def find_yaml_files(folder: Path, findings: list[Finding]) -> Iterator[Path]:
    """Follows symbolic links, and visits each folder once. Links that form a cycle are findings."""
    visited = {os.path.realpath(folder)}

    def unreadable(error: OSError) -> None:
        message = f"{error.filename} cannot be read: {error.strerror}"
        findings.append(file_finding(str(error.filename), "file-unreadable", message))

    for parent, folders, files in os.walk(folder, followlinks=True, onerror=unreadable):
        kept = []
        for name in sorted(folders):
            path = os.path.join(parent, name)
            real = os.path.realpath(path)
            if name.startswith("."):
                continue
            if os.path.realpath(parent).startswith(real.rstrip(os.sep) + os.sep) or real == os.path.realpath(parent):
                message = f"{path} is a symbolic link to a folder that contains it: remove the link"
                findings.append(file_finding(path, "folder-circle", message))
            elif real not in visited:
                visited.add(real)
                kept.append(name)
        folders[:] = kept
        yield from (Path(parent, name) for name in files if name.endswith(YAML_SUFFIXES) and not name.startswith("."))
