"""Loads a catalogue from a folder of definitions."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from compiler.catalogue.catalogue import Catalogue
from compiler.catalogue_files import CatalogueFiles
from compiler.incremental_loader import CatalogueLoader, IncrementalLoader
from compiler.loaded_definitions import LoadedDefinitions, define
from compiler.packed_catalogue import PackedCatalogue, pack_catalogue, unpack_documents
from compiler.source.document import ReadResult
from compiler.source.files import read_file
from compiler.source.findings import Finding
from compiler.source.garbage_collection import gc_paused, promote_gc_generation


def load_catalogue(folder: Path, environment: Path | None = None) -> Catalogue:
    """The catalogue of `folder`. Systems and receivers in the file `environment` override those of the folder.

    Raises CatalogueInvalid with every finding, sorted by file, line and column. If there is no error, the checks that
    only warn are not run: `check_definitions` runs them.
    """
    with gc_paused():
        return CatalogueLoader(folder, environment).load().catalogue


def load_and_pack_catalogue(loader: CatalogueLoader) -> tuple[Catalogue, PackedCatalogue]:
    """The catalogue as its files are now, also as it can be kept. Raises CatalogueInvalid like `load_catalogue`."""
    with gc_paused():
        return _pack(loader.load())


def load_published(files: CatalogueFiles, environment: Path | None = None) -> tuple[Catalogue, PackedCatalogue]:
    """Like `load_and_pack_catalogue`, of files that were published. Places in findings are relative to their folder."""
    with gc_paused():
        return _pack(define(files.read_documents(), None if environment is None else read_file(Path(environment))))


def unpack_catalogue(packed: PackedCatalogue) -> Catalogue:
    """Raises UnreadablePack, or CatalogueInvalid if this version of the compiler refuses it."""
    return define_complete(unpack_documents(packed)).catalogue


def define_complete(read: ReadResult) -> LoadedDefinitions:
    """Definitions that give a catalogue, which is built already. Raises CatalogueInvalid."""
    with gc_paused():
        loaded = define(read)
        _ = loaded.catalogue
        return loaded


def check_definitions(paths: Iterable[Path], environment: Path | None = None) -> list[Finding]:
    """Every finding, warnings included, in the folders and files of `paths`, which together are one catalogue.

    Orders among the files (no `kind`, but `lines`; also JSON) are compiled with that catalogue.
    """
    with gc_paused():
        findings = IncrementalLoader(paths, environment).load().findings
        promote_gc_generation()
        return findings


def _pack(loaded: LoadedDefinitions) -> tuple[Catalogue, PackedCatalogue]:
    catalogue = loaded.catalogue
    return catalogue, pack_catalogue(catalogue.version, loaded.documents, loaded.index.definitions)
