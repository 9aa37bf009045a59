"""The documents of a catalogue, typed one by one; what they mean together is compiler/catalogue/builder.py's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from pydantic import ValidationError

from compiler.language.documents import (
    KINDS,
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
from compiler.source.findings import FINDINGS_TOLD, Finding, Severity, bounded, did_you_mean, finding_at
from compiler.source.schema_errors import findings_of

M = TypeVar("M", bound=DocumentModel, covariant=True)

_OVERRIDABLE: Mapping[str, type[DocumentModel]] = {"system": SystemDocument, "receiver": ReceiverDocument}
"""What is the environment's, and no part of the catalogue's version."""


@dataclass(frozen=True, slots=True)
class Entry(Generic[M]):
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
        about: str = "",
    ) -> Finding:
        """What is wrong at `path` of the document."""
        return finding_at(self.document.place(path, key=key), code, message, severity, about)


@dataclass(slots=True)
class Definitions:
    """Everything that was read, by kind and id. Products and workstreams share one namespace."""

    products: dict[str, Entry[ProductDocument]] = field(default_factory=dict)
    classes: dict[str, Entry[ProductClassDocument]] = field(default_factory=dict)
    workstreams: dict[str, Entry[WorkstreamDocument]] = field(default_factory=dict)
    systems: dict[str, Entry[SystemDocument]] = field(default_factory=dict)
    receivers: dict[str, Entry[ReceiverDocument]] = field(default_factory=dict)
    retries: dict[str, Entry[RetryDocument]] = field(default_factory=dict)
    scenarios: dict[str, Entry[ScenarioDocument]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)
    """Ids of documents that could not be read: what refers to them is not told of."""
    incomplete: bool = False
    """True where a file could not be read at all: nobody knows what it would have defined."""

    def add(self, document: Document) -> None:
        """Takes one document in, or tells what is wrong with it."""
        model = self._typed(document)
        if model is None:
            data = document.data
            self.broken.add(str(data.get("id")) if isinstance(data, dict) else "")
            return
        entry = Entry(model, document)
        space = self._space(document.data["kind"])
        other = space.get(model.id) or self._namesake(model)
        if other is not None:
            first = other.document.place(("id",))
            message = f"`{model.id}` is defined twice; first at {first}"
            self.findings.append(entry.finding("id-duplicate", ("id",), message))
            return
        space[model.id] = entry

    def _namesake(self, model: DocumentModel) -> Entry[DocumentModel] | None:
        if isinstance(model, WorkstreamDocument):
            return self.products.get(model.id)
        return self.workstreams.get(model.id) if isinstance(model, ProductDocument) else None

    def _space(self, kind: str) -> dict[str, Any]:
        spaces: Mapping[str, dict[str, Any]] = {
            "commercial_product": self.products,
            "technical_product": self.products,
            "product_class": self.classes,
            "workstream": self.workstreams,
            "system": self.systems,
            "receiver": self.receivers,
            "retry": self.retries,
            "scenario": self.scenarios,
        }
        return spaces[kind]

    def _typed(self, document: Document) -> DocumentModel | None:
        data = document.data
        if not isinstance(data, dict):
            message = "a definition is a mapping that begins with `kind: …`"
            self.findings.append(finding_at(document.place(), "type-wrong", message))
            self.incomplete = True
            return None
        if "kind" not in data:
            message = f"`kind` is missing: say one of {', '.join(KINDS)}"
            if near := next((key for key in data if key.lower() == "kind"), None):
                message = f"`{near}` must be written `kind`"
            self.findings.append(finding_at(document.place(), "kind-missing", message))
            return None
        model = KINDS.get(data["kind"]) if isinstance(data["kind"], str) else None
        if model is None:
            near = did_you_mean(str(data["kind"]), KINDS) or f"; there are {', '.join(KINDS)}"
            message = f"there is no kind `{data['kind']}`{near}"
            self.findings.append(finding_at(document.place(("kind",)), "kind-unknown", message))
            return None
        try:
            return model.model_validate(data)
        except ValidationError as error:
            self.findings += findings_of(error, model, document)
            return None

    def override(self, document: Document) -> None:
        """Lays a document of an environment over the catalogue's: its keys replace those of the same name."""
        data = document.data
        kind = str(data.get("kind")) if isinstance(data, dict) else ""
        if not isinstance(data, dict) or kind not in _OVERRIDABLE:
            message = "an environment holds `kind: system` and `kind: receiver` documents and nothing else"
            self.findings.append(finding_at(document.place(), "environment-kind", message))
            return
        name = str(data.get("id"))
        if name in self.broken:
            return
        space, model = self._space(kind), _OVERRIDABLE[kind]
        base = space.get(name)
        if base is None:
            message = f"the catalogue has no {kind} `{name}` to override{did_you_mean(name, space)}"
            self.findings.append(finding_at(document.place(("id",)), "reference-unknown", message))
            return
        merged = Document(document.file, {**base.document.data, **data}, document.text, document.root)
        try:
            space[name] = Entry(model.model_validate(merged.data), merged)
        except ValidationError as error:
            self.findings += findings_of(error, model, merged)

    def of_class(self, name: str) -> list[str]:
        """Ids of the products of a class."""
        return sorted(product.model.id for product in self.products.values() if product.model.product_class == name)


def define(documents: Iterable[Document]) -> Definitions:
    """The documents, typed; `findings` says what is wrong with those that are left out."""
    definitions = Definitions()
    for document in documents:
        definitions.add(document)
        if len(definitions.findings) > FINDINGS_TOLD:
            definitions.findings = bounded(definitions.findings)
            definitions.incomplete = True
            break
    return definitions
