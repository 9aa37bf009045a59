"""Random text and random damage to the shipped definitions: findings, always; and where there are none, a catalogue."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compiler.cel.evaluation import EvaluationError, evaluate
from compiler.cel.templates import split_template
from compiler.language.attributes import Attribute, validate_value
from compiler.language.durations import format_duration, parse_duration
from compiler.load_catalogue import check_definitions, load_catalogue
from compiler.source.findings import CatalogueInvalid, Finding
from compiler.source.yaml_reader import read_documents
from compiler.typecheck.scopes import source_scope
from compiler.typecheck.type_checker import check_expression
from compiler.typecheck.types import object_type
from tests.definitions.conftest import DEFINITIONS

SHIPPED = sorted(path for path in DEFINITIONS.rglob("*.yaml") if "scenarios" not in path.parts)
"""Scenarios refuse no catalogue, and their orders are elsewhere."""
TEXTS = {path: path.read_text(encoding="utf-8") for path in SHIPPED}
PIECES = [
    *("kind: ", "id: a\n", "- ", "  ", "\n", ":", "{", "}", "[", "]", "&a ", "*a", "!x ", "'", '"', "|\n", ">-\n", "#"),
    *("\t", "${", "$${", "attributes.", "steps.", "commercial_product", "retry", "---\n", "<<: ", "? ", "0x1", "1e999"),
]
TOKENS = [
    *("a", "b", ".", "attributes", "(", ")", "+", "==", "'", '"', "1", "[", "]", ",", " ", "&&", "has(", "map(x, "),
    *("?", ":", "!", "-", "\\", "in ", "{", "}", "let", "let.a"),
]
JUNK = st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=30).map("".join)
QUICK = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
FEWER = settings(QUICK, max_examples=60)
SCOPE = source_scope(
    object_type({"a": Attribute(type="integer", default=1), "b": Attribute(type="string")}),
    None,
)


def sound(findings: list[Finding], text: str) -> None:
    """Every finding stands in the file."""
    lines = text.count("\n") + text.count("\r") + 2
    for finding in findings:
        assert finding.message
        assert 0 <= finding.line <= lines, str(finding)
        assert finding.column >= 0


@QUICK
@given(JUNK)
def test_any_text_gives_documents_and_findings(text: str) -> None:
    reading = read_documents(text, "file.yaml")
    sound(reading.findings, text)


@QUICK
@given(st.binary(max_size=200))
def test_any_bytes_give_documents_and_findings(raw: bytes) -> None:
    read_documents(raw, "file.yaml")


@QUICK
@given(st.lists(st.sampled_from(TOKENS) | st.text(max_size=3), max_size=25).map("".join))
def test_any_text_as_an_expression_can_be_checked_and_evaluated(text: str) -> None:
    for mistake in check_expression(text, SCOPE, "condition"):
        assert 0 <= mistake.offset <= len(text)
        assert mistake.message
    with contextlib.suppress(EvaluationError):
        evaluate(text, {"attributes": {"a": 1}})
    with contextlib.suppress(ValueError):
        split_template(text + "${" + text)


@FEWER
@given(st.sampled_from(SHIPPED), st.data())
def test_damaged_definition_gives_findings_or_a_catalogue(path: Path, data: st.DataObject) -> None:
    text = TEXTS[path]
    start = data.draw(st.integers(0, len(text)))
    length = data.draw(st.integers(0, 40))
    damaged = text[:start] + data.draw(st.sampled_from(PIECES) | st.text(max_size=4)) + text[start + length :]
    with tempfile.TemporaryDirectory() as folder:
        for other in SHIPPED:
            written = damaged if other == path else TEXTS[other]
            Path(folder, other.name).write_text(written, encoding="utf-8", errors="replace", newline="")
        findings = check_definitions([Path(folder)])
        sound([one for one in findings if Path(one.file).name == path.name], damaged)
        try:
            load_catalogue(Path(folder))
        except CatalogueInvalid:
            assert any(one.severity == "error" for one in findings)
        else:
            assert not any(one.severity == "error" for one in findings)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@QUICK
@given(st.sampled_from(["string", "integer", "number", "boolean", "date", "datetime", "list", "object"]), VALUES)
def test_converted_value_is_accepted_again(kind: str, value: object) -> None:
    attribute = Attribute(type=kind)
    held, problems = validate_value(attribute, value)
    if not problems:
        assert validate_value(attribute, held) == (held, [])
    else:
        assert held is value


@QUICK
@given(st.text(max_size=12))
def test_any_text_is_a_duration_or_refused(text: str) -> None:
    with contextlib.suppress(ValueError):
        duration = parse_duration(text)
        assert duration.total_seconds() >= 0
        assert format_duration(duration)
