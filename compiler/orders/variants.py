"""Variants of an order: combinations of attribute values, each as overrides of the order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any

from allpairspy import AllPairs

from compiler.catalogue.catalogue import Catalogue
from compiler.language.attributes import Attribute, AttributeType
from compiler.language.steps import ACTIONS_NEEDING_ATTRIBUTES
from compiler.orders.overrides import declared_attributes, order_lines

MAX_COMBINATIONS = 24
"""More combinations than this cannot be compared side by side: then each pair of values is in one of them."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The values that one name may have in variants."""

    name: str
    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Combinations:
    values: tuple[dict[str, Any], ...]
    """For each variant: name → value."""
    total: int
    """The number of all combinations. If there are fewer variants, they contain each pair of values."""

    @property
    def is_complete(self) -> bool:
        return len(self.values) == self.total


def combine(choices: Sequence[Choice], limit: int = MAX_COMBINATIONS) -> Combinations:
    """All combinations; beyond the limit, a few that contain each pair of values of two names.

    The same choices always give the same combinations.
    """
    names, lists = [choice.name for choice in choices], [list(choice.values) for choice in choices]
    total = prod(map(len, lists))
    found = product(*lists) if total <= limit or len(lists) < 2 else (tuple(one) for one in AllPairs(lists))
    return Combinations(tuple(dict(zip(names, values, strict=True)) for values in found), total)


def enumerable_attributes(order: Mapping[str, Any], catalogue: Catalogue) -> list[Choice]:
    """The attributes with few values, enums and booleans, that the products of the order's lines declare.

    Values of attributes that several products declare come from all of them.
    """
    found: dict[str, dict[Any, Any]] = {}
    for line in order_lines(dict(order)):
        declared = declared_attributes(line, catalogue) if _takes_attributes(line) else {}
        for name, attribute in declared.items():
            for value in possible_values(attribute):
                found.setdefault(name, {})[repr(value)] = value
    return [Choice(name, tuple(values.values())) for name, values in sorted(found.items()) if len(values) > 1]


def possible_values(attribute: Attribute) -> list[Any]:
    """The values of an enum or a boolean; empty if there may be any."""
    if attribute.enum is not None:
        return attribute.enum
    return [False, True] if attribute.type is AttributeType.BOOLEAN else []


def _takes_attributes(line: Mapping[str, Any]) -> bool:
    action = line.get("action", "add")
    return isinstance(action, str) and action in ACTIONS_NEEDING_ATTRIBUTES
