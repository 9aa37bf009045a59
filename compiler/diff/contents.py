"""What a catalogue says, as one tree of plain data for each definition, with classes merged into their products.

Lists whose order means nothing become objects: `actions`, `after`, `enum`. Rules are keyed by their product and `as`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from compiler.catalogue.definition_index import DefinitionIndex, StepGroup
from compiler.catalogue.definitions import DefinitionEntry
from compiler.diff.change import ChangePath, Subject
from compiler.language.attributes import Attribute
from compiler.language.documents import DocumentModel
from compiler.language.steps import LineAction
from compiler.source.document import KeyPath
from compiler.source.findings import SourceLocation
from compiler.typecheck.expression_sites import (
    COMPONENT_SHAPE,
    PER_KEYWORDS,
    RECEIVER_SHAPE,
    RULE_SHAPE,
    STEP_SHAPE,
    SYSTEM_SHAPE,
    ExpressionShape,
    Shape,
    TemplateShape,
)

SETS = frozenset({"actions", "no_work_for", "enum", "events", "for", "after", "dependencies"})
"""Keys of lists whose order means nothing. Of `dependencies`, the lists of its steps."""
CONTAINERS = ("attributes", "let", "decomposes_to", "components", "steps", "dependencies")
"""Keys that a tree always has, so that the first entry is told like any other."""
OPAQUE = frozenset({"body", "query", "headers", "with", "output", "default_output", "default", "example"})
"""Keys of values that are sent, or are a system's own: whatever they contain is left as it is."""


class EveryKey(dict[str, Shape]):
    """The shape of an object in which every key has the same shape."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self._shape = shape

    def get(self, _key: object, _default: Any = None) -> Shape:
        return self._shape


_PER = ExpressionShape("any", keywords=PER_KEYWORDS)
_LET = EveryKey(ExpressionShape("any"))
_STEPS = EveryKey(STEP_SHAPE)
_PRODUCT_SHAPE: dict[str, Shape] = {
    "let": _LET,
    "per": _PER,
    "steps": _STEPS,
    "decomposes_to": EveryKey({**RULE_SHAPE, "attributes": TemplateShape()}),
    "components": EveryKey({**COMPONENT_SHAPE, "attributes": TemplateShape()}),
}
SHAPES: Mapping[str, dict[str, Shape]] = {
    "commercial_product": _PRODUCT_SHAPE,
    "technical_product": _PRODUCT_SHAPE,
    "product_class": _PRODUCT_SHAPE,
    "workstream": {"let": _LET, "per": _PER, "when": ExpressionShape("condition"), "steps": _STEPS},
    "system": SYSTEM_SHAPE,
    "receiver": RECEIVER_SHAPE,
}
"""Kind → where the expressions of its tree are."""


@dataclass(frozen=True, slots=True)
class Content:
    """One definition."""

    subject: Subject
    tree: dict[str, Any]
    entry: DefinitionEntry[Any]
    rule_order: tuple[str, ...] = ()
    """The keys of `decomposes_to`, as the rules apply."""
    product_class: str = ""
    concerns: tuple[str, ...] = ()
    """Of a class, its products; of a workstream, the products that it serves."""

    def location(self, path: ChangePath) -> SourceLocation:
        """The place of `path`, or of what it is in. What a product has of its class is at the product's id."""
        data, written = self.entry.document.data, list[str | int]()
        for part in path:
            if not isinstance(data, dict) or part not in data:
                position = _position_in_list(data, part)
                if position is None:
                    break
                written.append(position)
                data = data[position]
            else:
                written.append(part)
                data = data[part]
        at: KeyPath = tuple(written)
        return self.entry.document.location(at or ("id",), key=bool(at) and isinstance(at[-1], str))


ContentKey = tuple[str, str]
"""Kind (products of both kinds share `product`), and id."""


@dataclass(slots=True)
class Contents:
    """Definitions of a catalogue."""

    by_key: dict[ContentKey, Content] = field(default_factory=dict)


def read_contents(old: DefinitionIndex, new: DefinitionIndex) -> tuple[Contents, Contents]:
    """The contents of the definitions that may differ. Scenarios are left out: they are tests of the catalogue."""
    before, after = _entries(old), _entries(new)
    same = {
        key
        for key, entry in before.items()
        if key in after
        and repr(entry.document.data) == repr(after[key].document.data)  # unlike ==, tells 1 and true apart
        and _surroundings(old, key, entry) == _surroundings(new, key, after[key])
    }
    return (
        Contents({key: _read(old, key, entry) for key, entry in before.items() if key not in same}),
        Contents({key: _read(new, key, entry) for key, entry in after.items() if key not in same}),
    )


def _entries(index: DefinitionIndex) -> dict[ContentKey, DefinitionEntry[Any]]:
    definitions = index.definitions
    namespaces: tuple[tuple[str, Mapping[str, DefinitionEntry[Any]]], ...] = (
        ("product", definitions.products),
        ("class", definitions.classes),
        ("workstream", definitions.workstreams),
        ("system", definitions.systems),
        ("receiver", definitions.receivers),
        ("retry", definitions.retry_policies),
    )
    return {(kind, name): entry for kind, entries in namespaces for name, entry in entries.items()}


def _surroundings(index: DefinitionIndex, key: ContentKey, entry: DefinitionEntry[Any]) -> Any:
    """What a definition has from elsewhere: a product from its class, a workstream the products of a class."""
    if key[0] == "product":
        inherited = index.definitions.classes.get(entry.model.product_class or "")
        return inherited and repr(inherited.document.data)
    if key[0] == "workstream":
        return index.step_groups[key[1]].products
    return tuple(index.products_by_class.get(key[1], ())) if key[0] == "class" else None


def _read(index: DefinitionIndex, key: ContentKey, entry: DefinitionEntry[Any]) -> Content:
    kind, name = key
    if kind == "product":
        return _product_content(index, name, entry)
    if kind == "class":
        return _class_content(index, name, entry)
    if kind == "workstream":
        served = index.step_groups[name].products
        tree = {**_dump(entry.model), "for": list(served)}
        _complete_steps(tree, index.step_groups[name])
        return _content(entry, tree, concerns=served)
    return _content(entry, _dump_with_defaults(entry.model))


def _class_content(index: DefinitionIndex, name: str, entry: DefinitionEntry[Any]) -> Content:
    tree = _dump(entry.model)
    tree["attributes"] = {key: _attribute(one) for key, one in entry.model.attributes.items()}
    heirs = tuple(index.products_by_class.get(name, ()))
    return _content(entry, tree, rule_order=_key_rules(tree), concerns=heirs)


def _product_content(index: DefinitionIndex, name: str, entry: DefinitionEntry[Any]) -> Content:
    tree = _dump(entry.model)
    attributes = {key: _attribute(attribute) for key, attribute in index.product_attributes[name].items()}
    lets = {key: written.expression for key, written in index.lets.product_lets(name).items()}
    rules = [_dump(written.rule) for written in index.effective_rules(name)]
    tree |= {key: value for key, value in (("attributes", attributes), ("let", lets)) if value}
    if rules:
        tree["decomposes_to"] = rules
    tree["no_work_for"] = list(entry.model.no_work_for)
    if name in index.step_groups:
        _complete_steps(tree, index.step_groups[name])
    order = _key_rules(tree)
    return _content(entry, tree, rule_order=order, product_class=entry.model.product_class or "")


def _dump_with_defaults(model: DocumentModel) -> dict[str, Any]:
    """So that a value that replaces a default is told with both."""
    dumped: dict[str, Any] = model.model_dump(mode="python", by_alias=True, exclude_none=True)
    return dumped


def _complete_steps(tree: dict[str, Any], group: StepGroup) -> None:
    """Writes `actions` and `per` of the workstream into its steps, where they count."""
    tree.pop("actions", None)
    tree.pop("per", None) if not group.is_inline else None
    for step, written in tree["steps"].items():
        written["actions"] = sorted(group.line_actions(step))
        written.setdefault("after", [])
        written["per"] = group.step_per(step)


def _content(entry: DefinitionEntry[Any], tree: dict[str, Any], **more: Any) -> Content:
    model = entry.model
    for key in CONTAINERS:
        if key in type(model).model_fields:
            tree.setdefault(key, {})
    subject = Subject(entry.document.data["kind"], model.id, model.name or model.id)
    tree.pop("id", None)
    tree.pop("kind", None)
    return Content(subject, _sets_to_objects(tree), entry, **more)


def _dump(model: DocumentModel | Any) -> dict[str, Any]:
    dumped: dict[str, Any] = model.model_dump(mode="python", by_alias=True, exclude_defaults=True)
    return dumped


def _attribute(attribute: Attribute) -> dict[str, Any]:
    """Its declaration. With a default, `required` means nothing."""
    declared = _dump(attribute)
    if attribute.default is not None:
        declared.pop("required", None)
    return declared


def _key_rules(tree: dict[str, Any]) -> tuple[str, ...]:
    """Makes objects of the lists of rules and components. Returns the keys of the rules in their order."""
    order: tuple[str, ...] = ()
    for key in ("decomposes_to", "components"):
        if key in tree:
            keyed: dict[str, Any] = {}
            for rule in tree[key]:
                name = f"{rule['product']}~{rule['as']}" if "as" in rule else rule["product"]
                number = 2
                while name in keyed:
                    name, number = f"{name.partition('#')[0]}#{number}", number + 1
                keyed[name] = {**rule, "actions": rule.get("actions") or list(LineAction)}
            tree[key] = keyed
            order = tuple(keyed) if key == "decomposes_to" else order
    return order


def _sets_to_objects(value: Any, key: str = "", *, in_rule: bool = False) -> Any:
    if isinstance(value, dict):
        below = "after" if key == "dependencies" else ""
        return {
            name: item
            if name in OPAQUE or (in_rule and name == "attributes")
            else _sets_to_objects(item, below or name, in_rule=key in ("decomposes_to", "components"))
            for name, item in value.items()
        }
    if isinstance(value, list) and key in SETS:
        return _unordered(value)
    return value


def _unordered(items: Iterable[Any]) -> dict[str, Any]:
    """Each item under its text."""
    return {_item_key(item): item for item in items}


def _item_key(item: Any) -> str:
    """`alarm_hub.reserve`; with more than a step, its JSON."""
    if isinstance(item, dict) and set(item) == {"step"}:
        return str(item["step"])
    return str(item) if isinstance(item, str) else json.dumps(item, sort_keys=True, default=str, ensure_ascii=False)


def _position_in_list(data: Any, part: str) -> int | None:
    """Where in a list of rules, references or values the entry of this key is."""
    if not isinstance(data, list):
        return None
    for position, item in enumerate(data):
        name = item
        if isinstance(item, dict):
            name = item.get("step") or (f"{item['product']}~{item['as']}" if "as" in item else item.get("product"))
        if name == part or _item_key(item) == part:
            return position
    return None
