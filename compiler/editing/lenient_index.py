"""The definitions as they would be if one document, which is being edited, had no mistakes."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from compiler.catalogue.definition_index import DefinitionIndex
from compiler.catalogue.definitions import DefinitionEntry, ParsedDocument
from compiler.language.documents import DOCUMENT_MODELS, DocumentModel
from compiler.language.steps import StepKind
from compiler.source.document import Document
from compiler.source.schema_errors import data_path

_MAX_REPAIRS = 30
_UNWRITTEN_ID = "unwritten_id"


def index_with(index: DefinitionIndex, data: Any) -> tuple[DefinitionIndex, DefinitionEntry[DocumentModel]] | None:
    """The index with the definition in `data`, and its entry. What is wrong or missing in it is left out.

    None if nothing can be made of it. Places in the entry's document are unknown.
    """
    kind = data.get("kind") if isinstance(data, dict) else None
    if not isinstance(kind, str) or kind not in DOCUMENT_MODELS:
        return None
    known = _find_entry(index, kind, data.get("id"))
    if known is not None and known.document.data == data:
        return index, known
    model, repaired = repair(DOCUMENT_MODELS[kind], data)
    if model is None:
        return None
    entry = DefinitionEntry(model, Document("", repaired))
    return DefinitionIndex(_with_entry(index, entry)), entry


def _find_entry(index: DefinitionIndex, kind: str, name: object) -> DefinitionEntry[Any] | None:
    definitions = index.definitions
    for namespace in (definitions.products, definitions.classes, definitions.workstreams):
        entry: DefinitionEntry[Any] | None = namespace.get(str(name))
        if entry is not None and entry.document.data.get("kind") == kind:
            return entry
    return None


def _with_entry(index: DefinitionIndex, entry: DefinitionEntry[DocumentModel]) -> Any:
    definitions = index.definitions
    name = entry.model.id
    changed = replace(
        definitions,
        products={key: value for key, value in definitions.products.items() if key != name},
        classes={key: value for key, value in definitions.classes.items() if key != name},
        workstreams={key: value for key, value in definitions.workstreams.items() if key != name},
        systems=dict(definitions.systems),
        receivers=dict(definitions.receivers),
        retry_policies=dict(definitions.retry_policies),
        scenarios=dict(definitions.scenarios),
        findings=[],
        invalid_ids=set(definitions.invalid_ids),
    )
    changed.add(ParsedDocument(entry.document, entry))
    return changed


def repair(model: type[DocumentModel], data: dict[str, Any]) -> tuple[DocumentModel | None, dict[str, Any]]:
    """The model of `data` without what is wrong in it, and that data; None if too much is wrong."""
    data = copy.deepcopy(data)
    if not isinstance(data.get("id"), str):
        data["id"] = _UNWRITTEN_ID
    for _ in range(_MAX_REPAIRS):
        try:
            return model.model_validate(data), data
        except ValidationError as error:
            details = error.errors(include_url=False)
        for detail in sorted(details, key=lambda one: [str(part) for part in one["loc"]], reverse=True):
            if not _repair_one(data, detail["loc"], detail["type"]):
                return None, data
    return None, data


def _repair_one(data: dict[str, Any], location: tuple[str | int, ...], kind: str) -> bool:
    """Whether something could be done about the error at `location`."""
    path = data_path(data, location)
    if path == ("id",):
        data["id"] = _UNWRITTEN_ID
        return True
    if not path:
        return _add_missing_key(data, location, kind)
    if len(path) == 2 and path[0] == "steps":
        return _repair_step(data["steps"], str(path[1]))
    parent: Any = data
    for part in path[:-1]:
        parent = parent[part]
    is_rule = len(path) == 2 and path[0] in ("decomposes_to", "components")
    if is_rule and kind == "missing" and isinstance(parent[path[-1]], dict):
        parent[path[-1]][location[-1]] = _UNWRITTEN_ID
    elif is_rule:
        parent[path[-1]] = {"product": _UNWRITTEN_ID}  # not removed: the others keep their positions
    else:
        del parent[path[-1]]
    return True


def _add_missing_key(data: dict[str, Any], location: tuple[str | int, ...], kind: str) -> bool:
    """A workstream or scenario that is not written to its end has what it must have, if nothing that exists."""
    if kind != "missing" or not location:
        return False
    placeholders: dict[str, Any] = {
        "for": [_UNWRITTEN_ID],
        "steps": {"unwritten": {"milestone": True}},
        "expect": {"order": "completed"},
        "order": {},
    }
    if location[-1] not in placeholders:
        return False
    data[str(location[-1])] = placeholders[str(location[-1])]
    return True


_SCOPE_KEYS = ("after", "per", "actions", "when")


def _repair_step(steps: dict[str, Any], name: str) -> bool:
    """A step whose kind is missing or wrong becomes a milestone. What its expressions can use stays the same."""
    step = steps[name]
    kinds = [word for word in StepKind if word in step] if isinstance(step, dict) else []
    if isinstance(step, dict) and not kinds:
        step["milestone"] = True
    elif len(kinds) > 1:
        for word in kinds[1:]:
            del step[word]
    elif step == {"milestone": True}:
        return False
    else:
        kept = step if isinstance(step, dict) and "milestone" not in step else {}
        steps[name] = {"milestone": True} | {key: kept[key] for key in _SCOPE_KEYS if key in kept}
    return True
