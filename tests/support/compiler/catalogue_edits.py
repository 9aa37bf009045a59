"""Edits of meaning, one at a time, of the documents that tests/support/compiler/random_catalogues.py makes."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

Documents = list[dict[str, Any]]
Edit = Callable[[dict[str, Any], Random], bool]
"""Edits one document in place. False if it has nothing that could be edited so."""

EXPRESSIONS = ("attributes.on", "attributes.n > 2", "attributes.n < 2", 'action == "add"', "false")
QUANTITIES = ("quantity * attributes.n", "quantity - 2", "attributes.n - 2", "0", "3", "quantity / 2")
ACTIONS = ("add", "modify", "delete", "no_change")


def _rules(document: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = document.get("decomposes_to") or document.get("components") or []
    return found


def _set(key: str, *values: Any) -> Edit:
    def edit(part: dict[str, Any], random: Random) -> bool:
        part[key] = random.choice([value for value in values if value != part.get(key)])
        return True

    return edit


def _drop(key: str) -> Edit:
    return lambda part, _random: part.pop(key, None) is not None


def _of_rule(edit: Edit) -> Edit:
    def edit_rule(document: dict[str, Any], random: Random) -> bool:
        rules = _rules(document)
        return bool(rules) and edit(random.choice(rules), random)

    return edit_rule


def _of_step(edit: Edit) -> Edit:
    def edit_step(document: dict[str, Any], random: Random) -> bool:
        steps = document.get("steps") or {}
        return bool(steps) and edit(steps[random.choice(sorted(steps))], random)

    return edit_step


def _of_attribute(edit: Edit) -> Edit:
    def edit_attribute(document: dict[str, Any], random: Random) -> bool:
        attributes = document.get("attributes")
        if not attributes:
            return False
        name = random.choice(sorted(attributes))
        document["attributes"] = {**attributes, name: dict(attributes[name])}
        return edit(document["attributes"][name], random)

    return edit_attribute


def _remove_item(key: str) -> Edit:
    """One entry of a list or of an object."""

    def edit(document: dict[str, Any], random: Random) -> bool:
        items = document.get(key)
        if not items:
            return False
        document[key] = {name: items[name] for name in sorted(items)} if isinstance(items, dict) else list(items)
        document[key].pop(random.choice(sorted(items)) if isinstance(items, dict) else random.randrange(len(items)))
        return True

    return edit


def _require(attribute: dict[str, Any], _random: Random) -> bool:
    attribute.pop("default", None)
    attribute["required"] = True
    return True


def _limit(attribute: dict[str, Any], random: Random) -> bool:
    limits: dict[str, list[dict[str, Any]]] = {
        "integer": [{"maximum": 2}, {"minimum": 2}, {"enum": [2, 3]}],
        "string": [{"pattern": "s.*"}, {"enum": ["s", "u", ""]}, {"max_length": 3}],
        "list": [{"max_length": 2}, {"items": {"type": "string"}}],
        "boolean": [{"enum": [True]}],
    }
    attribute |= random.choice(limits[attribute["type"]])
    return True


EDITS: tuple[Edit, ...] = (
    _drop("no_work_for"),
    _remove_item("no_work_for"),
    _remove_item("decomposes_to"),
    _remove_item("components"),
    _remove_item("attributes"),
    _remove_item("dependencies"),
    _remove_item("steps"),
    _set("when", *EXPRESSIONS),
    _set("per", "line", "unit", "bundle", "order", "attributes.site"),
    _set("merged_quantity", "sum", "max", "one"),
    _set("actions", ["add"], ["modify", "delete"], ["delete"]),
    _of_rule(_set("when", *EXPRESSIONS)),
    _of_rule(_drop("when")),
    _of_rule(_set("quantity", *QUANTITIES)),
    _of_rule(_set("actions", ["add"], ["modify"], ["delete", "no_change"])),
    _of_rule(_set("as", "extra", "other")),
    _of_rule(_set("for_each", "attributes.list", "[1, 2, 3]")),
    _of_rule(_drop("for_each")),
    _of_rule(_set("attributes", {"site": "u"}, {"site": "v"}, {"n": 7}, {"n": "${attributes.n / (attributes.n - 2)}"})),
    _of_step(_set("per", "line", "bundle", "order", "attributes.site")),
    _of_step(_set("actions", ["add"], ["modify"], ["delete", "no_change"])),
    _of_step(_set("when", "attributes.on", "false")),
    _of_step(_drop("after")),
    _of_attribute(_set("default", None, 3, True, "s", ["a"])),
    _of_attribute(_set("merge", "reject", "first")),
    _of_attribute(_require),
    _of_attribute(_limit),
)
"""Some do not fit every document, and some leave the catalogue invalid."""


def edit_one(documents: Documents, random: Random) -> str | None:
    """Edits one document in place, and returns its id; None if there was nothing to edit."""
    document = random.choice(documents)
    return document["id"] if random.choice(EDITS)(document, random) else None
