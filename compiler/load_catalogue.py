"""Loads a catalogue from a folder of definitions."""

from __future__ import annotations

import gc
from collections.abc import Iterable
from pathlib import Path

from compiler.catalogue.builder import build_catalogue
from compiler.catalogue.catalogue import Catalogue
from compiler.catalogue.definition_index import DefinitionIndex
from compiler.catalogue.definitions import parse_definitions
from compiler.catalogue_files import CatalogueFiles
from compiler.checks.run import run_checks
from compiler.packed_catalogue import PackedCatalogue, pack_catalogue, unpack_documents
from compiler.source.document import Document, ReadResult
from compiler.source.files import read_file, read_folder
from compiler.source.findings import CatalogueInvalid, Finding, OrderRejected
from compiler.source.gc_pause import gc_paused


def load_catalogue(folder: Path, environment: Path | None = None) -> Catalogue:
    """The catalogue of `folder`. Systems and receivers in the file `environment` override those of the folder.

    Raises CatalogueInvalid with every finding, sorted by file, line and column.
    """
    with gc_paused():
        return _build_valid(*_index_definitions(_without_scenarios(read_folder(Path(folder))), environment))


def load_and_pack_catalogue(folder: Path, environment: Path | None = None) -> tuple[Catalogue, PackedCatalogue]:
    """Like `load_catalogue`; also the catalogue as it can be kept."""
    with gc_paused():
        result = _without_scenarios(read_folder(Path(folder)))
        index, findings = _index_definitions(result, environment)
        catalogue = _build_valid(index, findings)
        return catalogue, pack_catalogue(catalogue.version, result.documents, index.definitions)


def load_published(files: CatalogueFiles, environment: Path | None = None) -> tuple[Catalogue, PackedCatalogue]:
    """Like `load_and_pack_catalogue`, of files that were published. Places in findings are relative to their folder."""
    with gc_paused():
        result = files.read_documents()
        index, findings = _index_definitions(result, environment)
        catalogue = _build_valid(index, findings)
        return catalogue, pack_catalogue(catalogue.version, result.documents, index.definitions)


def unpack_catalogue(packed: PackedCatalogue) -> Catalogue:
    """Raises UnreadablePack, or CatalogueInvalid if this version of the compiler refuses it."""
    with gc_paused():
        return _build_valid(*_index_definitions(unpack_documents(packed), None))


def _without_scenarios(result: ReadResult) -> ReadResult:
    """A mistake in a test of the catalogue does not keep the catalogue from being used."""
    return ReadResult([document for document in result.documents if not _is_scenario(document)], result.findings)


def _is_scenario(document: Document) -> bool:
    return isinstance(document.data, dict) and document.data.get("kind") == "scenario"


def _build_valid(index: DefinitionIndex, findings: list[Finding]) -> Catalogue:
    if any(finding.refuses_catalogue for finding in findings):
        raise CatalogueInvalid(findings)
    catalogue = build_catalogue(index, findings)
    _promote_gc_generation()
    return catalogue


def _promote_gc_generation() -> None:
    """Moves all objects to the oldest generation, so that the next collections do not scan the new catalogue.

    Worth it because a catalogue is created seldom and kept long.
    """
    gc.freeze()
    gc.unfreeze()


def check_definitions(paths: Iterable[Path], environment: Path | None = None) -> list[Finding]:
    """Every finding, warnings included, in the folders and files of `paths`, which together are one catalogue.

    Orders among the files (no `kind`, but `lines`; also JSON) are compiled with that catalogue.
    """
    with gc_paused():
        result, orders = _read_paths(paths)
        index, findings = _index_definitions(result, environment)
        if orders and not any(finding.refuses_catalogue for finding in findings):
            catalogue = build_catalogue(index, findings)
            findings += [finding for path in orders for finding in _order_findings(path, catalogue)]
        _promote_gc_generation()
        return sort_findings(findings)


def _read_paths(paths: Iterable[Path]) -> tuple[ReadResult, list[Path]]:
    """The definitions, and the files that hold orders."""
    result, orders = ReadResult(), []
    for path in map(Path, paths):
        one = read_folder(path) if path.is_dir() or not path.suffix else read_file(path)
        if any(_is_order(document) for document in one.documents) and not path.is_dir():
            orders.append(path)
            one.documents = [document for document in one.documents if not _is_order(document)]
        result.documents += one.documents
        result.findings += one.findings
    return result, orders


def _is_order(document: Document) -> bool:
    return isinstance(document.data, dict) and "kind" not in document.data and "lines" in document.data


def _order_findings(path: Path, catalogue: Catalogue) -> list[Finding]:
    from compiler.compile_order import compile_with_warnings
    from compiler.orders.reader import read_orders

    findings: list[Finding] = []
    try:
        for order in read_orders(path.read_text(encoding="utf-8"), str(path)):
            compilation = compile_with_warnings(order, catalogue, str(path))
            findings += [*compilation.findings, *compilation.warnings]
    except OrderRejected as rejected:
        findings += rejected.findings
    return findings


def _index_definitions(result: ReadResult, environment: Path | None) -> tuple[DefinitionIndex, list[Finding]]:
    definitions = parse_definitions(result.documents)
    definitions.incomplete |= any(finding.severity == "error" for finding in result.findings)
    if environment is not None:
        overrides = read_file(Path(environment))
        definitions.findings += overrides.findings
        for document in overrides.documents:
            definitions.apply_override(document)
    index = DefinitionIndex(definitions)
    return index, sort_findings([*result.findings, *definitions.findings, *run_checks(index)])


def sort_findings(findings: list[Finding]) -> list[Finding]:
    """Sorts by place, then code. Each finding once; findings about the same undefined name become one.

    A place that cannot be read as YAML has no other findings.
    """
    unread = {(f.file, f.line, f.column) for f in findings if f.code.startswith("yaml-")}
    unique = {
        (f.file, f.line, f.column, f.code, f.message): f
        for f in findings
        if f.code.startswith("yaml-") or (f.file, f.line, f.column) not in unread
    }
    groups: dict[object, list[Finding]] = {}
    for key in sorted(unique):
        groups.setdefault(unique[key].undefined_name or key, []).append(unique[key])
    return [_merge_occurrences(findings) for findings in groups.values()]


def _merge_occurrences(findings: list[Finding]) -> Finding:
    first, *others = findings
    if not others:
        return first
    places = ", ".join(f"{other.file}:{other.line}" for other in others[:3]) + (", …" if len(others) > 3 else "")
    times = "once more" if len(others) == 1 else f"{len(others)} times more"
    return first.model_copy(update={"message": f"{first.message} (and {times}: {places})"})
