"""Loads the scenarios of a catalogue's folder, and of other files, with the catalogue that they test."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from compiler.catalogue.catalogue import Catalogue
from compiler.catalogue.definition_index import DefinitionIndex
from compiler.catalogue.definitions import collect_definitions, parse_document
from compiler.checks.scenarios.scenario_references import check_scenario
from compiler.loaded_definitions import define
from compiler.source.document import Document, ReadResult
from compiler.source.files import read_file, read_folder
from compiler.source.findings import Finding, SourceLocation, sort_findings
from compiler.source.garbage_collection import gc_paused
from scenarios.scenario_order import ScenarioEntry


@dataclass(frozen=True, slots=True)
class Suite:
    catalogue: Catalogue
    index: DefinitionIndex
    """Of the catalogue's definitions, without the scenarios."""
    scenarios: list[ScenarioEntry]
    """Those that can be run, by file and place."""
    findings: list[Finding]
    """Errors of the other scenarios."""
    invalid: list[SourceLocation]
    """Where these other scenarios begin."""


def load_suite(folder: Path, environment: Path | None = None, others: Iterable[Path] = ()) -> Suite:
    """`others`: files and folders with more scenarios. Raises CatalogueInvalid if the catalogue cannot be used."""
    overrides = None if environment is None else read_file(Path(environment))
    return build_suite(read_folder(folder), overrides, _read_others(others))


def build_suite(read: ReadResult, overrides: ReadResult | None = None, others: ReadResult | None = None) -> Suite:
    """`read`: the definitions and their scenarios; `overrides`: an environment; `others`: more scenarios.

    Raises CatalogueInvalid if the catalogue cannot be used.
    """
    with gc_paused():
        others = others or ReadResult()
        scenarios = [document for document in (*read.documents, *others.documents) if is_scenario(document)]
        definitions = [document for document in read.documents if not is_scenario(document)]
        loaded = define(ReadResult(definitions, read.findings), overrides)
        suite = Suite(loaded.catalogue, loaded.index, [], [*others.findings], [])
        by_id: dict[str, ScenarioEntry] = {}
        for document in scenarios:
            if not _add(suite, document, by_id):
                suite.invalid.append(document.location())
        return replace(suite, findings=sort_findings(suite.findings))


def is_scenario(document: Document) -> bool:
    return document.has_kind("scenario")


def _read_others(paths: Iterable[Path]) -> ReadResult:
    result = ReadResult()
    for path in paths:
        read = read_folder(path) if path.is_dir() else read_file(path)
        result.documents += read.documents
        result.findings += read.findings
    return result


def _add(suite: Suite, document: Document, by_id: dict[str, ScenarioEntry]) -> bool:
    """Adds the scenario of the document to the suite and to `by_id`, or its errors. Returns whether it can be run."""
    parsed = collect_definitions([parse_document(document)])
    suite.findings.extend(parsed.findings)
    if not parsed.scenarios:
        return False
    (entry,) = parsed.scenarios.values()
    errors = [finding for finding in check_scenario(suite.index, entry) if finding.severity == "error"]
    first = by_id.get(entry.model.id)
    if first is not None:
        place = first.document.location(("id",))
        message = f"`{entry.model.id}` is defined twice; first at {place}"
        errors.append(entry.finding("id-duplicate", ("id",), message))
    suite.findings.extend(errors)
    if not errors:
        suite.scenarios.append(entry)
        by_id[entry.model.id] = entry
    return not errors
