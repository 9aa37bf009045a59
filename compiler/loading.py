"""Loading a catalogue: a folder of definitions in, a checked catalogue or every finding out."""

from __future__ import annotations

from pathlib import Path

from compiler.assembly import assemble
from compiler.catalogue import Catalogue
from compiler.checks import findings_in
from compiler.definitions import define
from compiler.findings import CatalogueInvalid, Finding
from compiler.source import Reading, read_file, read_folder
from compiler.survey import Survey


def load_catalogue(folder: Path, environment: Path | None = None) -> Catalogue:
    """The catalogue of `folder`, with the systems of the file `environment` laid over its own.

    Raises CatalogueInvalid with every finding, in the order of their places.
    """
    survey, findings = _surveyed(read_folder(Path(folder)), environment)
    if any(finding.severity == "error" for finding in findings):
        raise CatalogueInvalid(findings)
    return assemble(survey, findings)


def _surveyed(reading: Reading, environment: Path | None) -> tuple[Survey, list[Finding]]:
    definitions = define(reading.documents)
    definitions.incomplete |= any(finding.severity == "error" for finding in reading.findings)
    if environment is not None:
        overrides = read_file(Path(environment))
        definitions.findings += overrides.findings
        for document in overrides.documents:
            definitions.override(document)
    survey = Survey(definitions)
    return survey, in_order([*reading.findings, *definitions.findings, *findings_in(survey)])


def in_order(findings: list[Finding]) -> list[Finding]:
    """By place, then code; the same finding once."""
    unique = {(f.file, f.line, f.column, f.code, f.message): f for f in findings}
    return [unique[key] for key in sorted(unique)]
