"""Parses the documents of a catalogue into models, one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

from pydantic import ValidationError

from compiler.language.documents import (
    DOCUMENT_MODELS,
    DocumentModel,
    ProductClassDocument,
    ProductDocument,
    ReceiverDocument,
    RetryDocument,
    ScenarioDocument,
    SystemDocument,
    WorkstreamDocument,
)
from compiler.source.document import Document, KeyPath
from compiler.source.findings import MAX_FINDINGS, Finding, Severity, did_you_mean, finding_at, limit_findings
from compiler.source.schema_errors import schema_findings

M = TypeVar("M", bound=DocumentModel, covariant=True)
R = TypeVar("R")

_OVERRIDABLE_MODELS: Mapping[str, type[DocumentModel]] = {"system": SystemDocument, "receiver": ReceiverDocument}
"""Kinds that an environment may override. They are not part of the catalogue's version."""


@dataclass(frozen=True, slots=True)
class DefinitionEntry(Generic[M]):
    """One definition and the document that it was read from."""

    model: M
    document: Document
    _results: dict[str, tuple[object, Any]] = field(default_factory=dict, compare=False, repr=False)

    def cached(self, name: str, inputs: object, compute: Callable[[], R]) -> R:
        """The result of `compute`, kept under `name` until the inputs are no longer equal.

        A document that did not change keeps its entry from load to load, so the next load need not compute it again.
        `inputs` is everything that the result depends on besides this entry. The result must not be changed.
        """
        found = self._results.get(name)
        if found is None or found[0] != inputs:
            found = self._results[name] = inputs, compute()
        result: R = found[1]
        return result

    def cached_findings(self, name: str, inputs: object, check: Callable[[], Iterable[Finding]]) -> list[Finding]:
        """Like `cached`, for a check of this document."""
        return self.cached(name, inputs, lambda: list(check()))

    def finding(
        self,
        code: str,
        path: KeyPath,
        message: str,
        *,
        key: bool = False,
        severity: Severity = "error",
        undefined_name: str = "",
    ) -> Finding:
        """A finding at `path` of the document."""
        return finding_at(self.document.location(path, key=key), code, message, severity, undefined_name)


@dataclass(frozen=True, slots=True)
class ParsedDocument:
    """A document and its definition, or what is wrong with it. It depends on no other document."""

    document: Document
    entry: DefinitionEntry[DocumentModel] | None
    findings: tuple[Finding, ...] = ()


@dataclass(slots=True)
class Definitions:
    """All definitions, by kind and id. Products and workstreams share one namespace."""

    products: dict[str, DefinitionEntry[ProductDocument]] = field(default_factory=dict)
    classes: dict[str, DefinitionEntry[ProductClassDocument]] = field(default_factory=dict)
    workstreams: dict[str, DefinitionEntry[WorkstreamDocument]] = field(default_factory=dict)
    systems: dict[str, DefinitionEntry[SystemDocument]] = field(default_factory=dict)
    receivers: dict[str, DefinitionEntry[ReceiverDocument]] = field(default_factory=dict)
    retry_policies: dict[str, DefinitionEntry[RetryDocument]] = field(default_factory=dict)
    scenarios: dict[str, DefinitionEntry[ScenarioDocument]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    invalid_ids: set[str] = field(default_factory=set)
    """Ids of invalid documents. References to them are not reported."""
    incomplete: bool = False
    """True if a file could not be read: what it defines is unknown."""

    def add(self, parsed: ParsedDocument) -> None:
        """Adds one definition, or the findings of its document."""
        document, entry = parsed.document, parsed.entry
        self.findings += parsed.findings
        if entry is None:
            self.incomplete |= not isinstance(document.data, dict)
            self.invalid_ids.add(str(document.data.get("id")) if isinstance(document.data, dict) else "")
            return
        model = entry.model
        namespace = self._namespace(document.data["kind"])
        other = namespace.get(model.id) or self._same_id_elsewhere(model)
        if other is not None:
            first = other.document.location(("id",))
            message = f"`{model.id}` is defined twice; first at {first}"
            self.findings.append(entry.finding("id-duplicate", ("id",), message))
            return
        namespace[model.id] = entry

    def _same_id_elsewhere(self, model: DocumentModel) -> DefinitionEntry[DocumentModel] | None:
        if isinstance(model, WorkstreamDocument):
            return self.products.get(model.id)
        return self.workstreams.get(model.id) if isinstance(model, ProductDocument) else None

    def _namespace(self, kind: str) -> dict[str, Any]:
        spaces: Mapping[str, dict[str, Any]] = {
            "commercial_product": self.products,
            "technical_product": self.products,
            "product_class": self.classes,
            "workstream": self.workstreams,
            "system": self.systems,
            "receiver": self.receivers,
            "retry": self.retry_policies,
            "scenario": self.scenarios,
        }
        return spaces[kind]

    def apply_override(self, document: Document) -> None:
        """Overrides a definition with a document of an environment: its keys replace those of the definition."""
        data = document.data
        kind = str(data.get("kind")) if isinstance(data, dict) else ""
        if not isinstance(data, dict) or kind not in _OVERRIDABLE_MODELS:
            message = "an environment may only contain documents of `kind: system` and `kind: receiver`"
            self.findings.append(finding_at(document.location(), "environment-kind", message))
            return
        name = str(data.get("id"))
        if name in self.invalid_ids:
            return
        namespace, model = self._namespace(kind), _OVERRIDABLE_MODELS[kind]
        base = namespace.get(name)
        if base is None:
            message = f"the catalogue has no {kind} `{name}` to override{did_you_mean(name, namespace)}"
            self.findings.append(finding_at(document.location(("id",)), "reference-unknown", message))
            return
        merged = replace(document, data={**base.document.data, **data})
        parsed = _validate(model, merged)
        self.findings += parsed.findings
        if parsed.entry is not None:
            namespace[name] = parsed.entry


def parse_document(document: Document) -> ParsedDocument:
    data = document.data
    if not isinstance(data, dict):
        message = "a definition is a mapping that begins with `kind: …`"
        return _invalid(document, finding_at(document.location(), "type-wrong", message))
    if "kind" not in data:
        message = f"`kind` is missing: write one of {', '.join(DOCUMENT_MODELS)}"
        if near := next((key for key in data if key.lower() == "kind"), None):
            message = f"`{near}` must be written `kind`"
        elif "lines" in data:
            message = "this is an order, and a definition begins with `kind: …`: keep orders in another folder"
        return _invalid(document, finding_at(document.location(), "kind-missing", message))
    model = DOCUMENT_MODELS.get(data["kind"]) if isinstance(data["kind"], str) else None
    if model is None:
        near = did_you_mean(str(data["kind"]), DOCUMENT_MODELS) or f"; there are {', '.join(DOCUMENT_MODELS)}"
        message = f"there is no kind `{data['kind']}`{near}"
        return _invalid(document, finding_at(document.location(("kind",)), "kind-unknown", message))
    return _validate(model, document)


def _validate(model: type[DocumentModel], document: Document) -> ParsedDocument:
    """A system whose `example` is wrong is used without it: only tests need it."""
    data = document.data
    try:
        return ParsedDocument(document, DefinitionEntry(model.model_validate(data), document))
    except ValidationError as error:
        found = schema_findings(error, model, data, document.location)
        if any(detail["loc"][:1] != ("example",) for detail in error.errors(include_url=False)):
            return _invalid(document, *found)
        usable = model.model_validate({key: value for key, value in data.items() if key != "example"})
        warned = tuple(finding.of_tests() for finding in found)
        return ParsedDocument(document, DefinitionEntry(usable, document), warned)


def _invalid(document: Document, *findings: Finding) -> ParsedDocument:
    return ParsedDocument(document, None, findings)


def collect_definitions(documents: Iterable[ParsedDocument]) -> Definitions:
    """All definitions; documents with errors are only in `findings`."""
    definitions = Definitions()
    for document in documents:
        definitions.add(document)
        if len(definitions.findings) > MAX_FINDINGS:
            definitions.findings = limit_findings(definitions.findings)
            definitions.incomplete = True
            break
    return definitions
