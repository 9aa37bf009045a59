"""Definitions as a person names them: a folder, a git revision, or a published version."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from cli.commands.publishing.catalogue_in_force import is_server_listening
from cli.framework.errors import UsageError
from cli.framework.server_call import call_server
from cli.framework.session import Session
from compiler.catalogue_files import CatalogueFiles
from compiler.incremental_loader import CatalogueLoader
from compiler.loaded_definitions import LoadedDefinitions, define

IN_FORCE = "current"
YAML_SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True)
class NamedDefinitions:
    label: str
    """`definitions`, `main:definitions`, `version 7`."""
    loaded: LoadedDefinitions


def default_old_version(session: Session) -> str:
    """What is in force, if a server answers that has a published version; else the last commit."""
    return IN_FORCE if _has_published_version(session) else "HEAD"


def _has_published_version(session: Session) -> bool:
    if not is_server_listening(session):
        return False
    from operations.errors import OperationError

    try:
        call_server(session, lambda server: server.find_catalogue_version(IN_FORCE))
    except OperationError:
        return False
    return True


def read_named_definitions(session: Session, name: str) -> NamedDefinitions:
    """A folder or file; `REVISION` or `REVISION:PATH` of git; `current`, a number or a SHA-256 of a published version.

    Raises UsageError if it is none of them.
    """
    if Path(name).exists():
        return NamedDefinitions(name, CatalogueLoader(Path(name)).load())
    if name == IN_FORCE or name.isdigit() or name.startswith("sha256:"):
        return _read_published(session, name)
    revision, _, path = name.partition(":")
    commit = _find_commit(revision)
    if commit is None:
        message = f"`{name}` is no folder, no git revision, and no published version (`current`, a number, `sha256:…`)"
        raise UsageError(message)
    inside = path or _path_in_repository(session.definitions_dir)
    files = _read_git_files(revision, commit, inside)
    return NamedDefinitions(f"{revision}:{inside}", define(files.read_documents()))


def _read_published(session: Session, name: str) -> NamedDefinitions:
    publication, files = call_server(session, lambda server: server.read_published_files(name))
    return NamedDefinitions(f"version {publication.number}", define(files.read_documents()))


def _git(*arguments: str, cwd: Path | None = None, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Raises UsageError without git."""
    try:
        return subprocess.run(["git", *arguments], input=given, capture_output=True, cwd=cwd, check=False)
    except FileNotFoundError:
        raise UsageError("`git` is not installed, so that only folders and published versions can be read") from None


def _find_commit(revision: str) -> str | None:
    """The full SHA of a commit. Nothing that a person writes is taken for an option of git."""
    if not revision or "\0" in revision:
        return None
    found = _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    return found.stdout.decode().strip() if found.returncode == 0 else None


def _repository() -> Path:
    found = _git("rev-parse", "--show-toplevel")
    if found.returncode:
        raise UsageError("this folder is in no git repository")
    return Path(found.stdout.decode().strip())


def _path_in_repository(folder: Path) -> str:
    top = _repository().resolve()
    try:
        return folder.resolve().relative_to(top).as_posix()
    except ValueError:
        raise UsageError(f"{folder} is not in the git repository {top}: write REVISION:PATH") from None


def _read_git_files(revision: str, commit: str, path: str) -> CatalogueFiles:
    """The YAML files below `path`, which begins at the top of the repository, or with `./` at this folder."""
    if path.startswith(("./", "../")):
        path = _path_in_repository(Path(path))
    top, tree = _repository(), f"{commit}:{'' if path == '.' else path.strip('/')}"
    listed = _git("ls-tree", "-r", "-z", "--end-of-options", tree, cwd=top)
    if listed.returncode:
        raise UsageError(f"`{revision}` has no folder `{path}`")
    names: list[str] = []
    objects: list[str] = []
    for entry in listed.stdout.decode("utf-8", "replace").split("\0"):
        meta, _, name = entry.partition("\t")
        if name and meta.startswith("100") and _is_definition_file(name):
            names.append(name)
            objects.append(meta.split()[2])
    return CatalogueFiles(tuple(sorted(zip(names, _read_objects(objects, top), strict=True))))


def _is_definition_file(name: str) -> bool:
    """As for folders: hidden files and folders are left out."""
    path = PurePosixPath(name)
    return path.suffix in YAML_SUFFIXES and not any(part.startswith(".") for part in path.parts)


def _read_objects(objects: Sequence[str], top: Path) -> list[str]:
    """The texts of git objects, by one process: `<sha> blob <size>`, the content, and a line's end for each."""
    output = _git("cat-file", "--batch", cwd=top, given="".join(f"{one}\n" for one in objects).encode()).stdout
    texts: list[str] = []
    position = 0
    for _ in objects:
        end = output.index(b"\n", position)
        size = int(output[position:end].split()[2])
        texts.append(output[end + 1 : end + 1 + size].decode("utf-8", "replace"))
        position = end + 1 + size + 1
    return texts
