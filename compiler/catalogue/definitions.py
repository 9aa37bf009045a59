"""Parses the documents of a catalogue into models, one by one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
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

_OVERRIDABLE_MODELS: Mapping[str, type[DocumentModel]] = {"system": SystemDocument, "receiver": ReceiverDocument}
"""Kinds that an environment may override. They are not part of the catalogue's version."""


@dataclass(frozen=True, slots=True)
class DefinitionEntry(Generic[M]):
    """One definition and the document that it was read from."""

    model: M
    document: Document

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

    def add(self, document: Document) -> None:
        """Adds one document, or its findings."""
        model = self._parse_model(document)
        if model is None:
            data = document.data
            self.invalid_ids.add(str(data.get("id")) if isinstance(data, dict) else "")
            return
        entry = DefinitionEntry(model, document)
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

    def _parse_model(self, document: Document) -> DocumentModel | None:
        data = document.data
        if not isinstance(data, dict):
            message = "a definition is a mapping that begins with `kind: …`"
            self.findings.append(finding_at(document.location(), "type-wrong", message))
            self.incomplete = True
            return None
        if "kind" not in data:
            message = f"`kind` is missing: write one of {', '.join(DOCUMENT_MODELS)}"
            if near := next((key for key in data if key.lower() == "kind"), None):
                message = f"`{near}` must be written `kind`"
            self.findings.append(finding_at(document.location(), "kind-missing", message))
            return None
        model = DOCUMENT_MODELS.get(data["kind"]) if isinstance(data["kind"], str) else None
        if model is None:
            near = did_you_mean(str(data["kind"]), DOCUMENT_MODELS) or f"; there are {', '.join(DOCUMENT_MODELS)}"
            message = f"there is no kind `{data['kind']}`{near}"
            self.findings.append(finding_at(document.location(("kind",)), "kind-unknown", message))
            return None
        return self._validate(model, document)

    def _validate(self, model: type[DocumentModel], document: Document) -> DocumentModel | None:
        """A system whose `example` is wrong is used without it: only tests need it."""
        try:
            return model.model_validate(document.data)
        except ValidationError as error:
            found = schema_findings(error, model, document.data, document.location)
            if any(detail["loc"][:1] != ("example",) for detail in error.errors(include_url=False)):
                self.findings += found
                return None
            self.findings += [finding.of_tests() for finding in found]
            return model.model_validate({key: value for key, value in document.data.items() if key != "example"})

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
        merged = Document(document.file, {**base.document.data, **data}, document.text, document.root_mark)
        if (validated := self._validate(model, merged)) is not None:
            namespace[name] = DefinitionEntry(validated, merged)


def parse_definitions(documents: Iterable[Document]) -> Definitions:
    """Parses the documents; those with errors are only in `findings`."""
    definitions = Definitions()
    for document in documents:
        definitions.add(document)
        if len(definitions.findings) > MAX_FINDINGS:
            definitions.findings = limit_findings(definitions.findings)
            definitions.incomplete = True
            break
    return definitions
