"""Changes of YAML data that keep it YAML: a key is lost, a reference is renamed, values are swapped."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

Container = dict[Any, Any] | list[Any]
Place = tuple[Container, Any]
"""A mapping or list, and a key or position in it."""

STRANGE_VALUES: tuple[Any, ...] = (
    *(None, True, 0, -1, 2**63, 10**30, 0.5, 1e308, [], {}, [[]], [None], {"": None}, {"x": {}}),
    *("", " ", "x", "${", "${attributes.x}", "attributes.", "a.b", "[]", "true", "ß", "\x7f", "5x", "-1d", "order.id"),
    *("2026-02-30", "1" * 400),
)


def places(data: Any) -> Iterator[Place]:
    """Every place in the data, outer ones first."""
    keys = [*data] if isinstance(data, dict) else range(len(data)) if isinstance(data, list) else ()
    for key in keys:
        yield data, key
        yield from places(data[key])


def mutate(documents: list[Any], random: Random) -> None:
    """Changes one place of one of the documents."""
    found = [place for document in documents for place in places(document)]
    if found:
        random.choice(_MUTATIONS)(random.choice(found), found, random)


def _delete(place: Place, _: list[Place], __: Random) -> None:
    container, key = place
    del container[key]


def _change(place: Place, _: list[Place], random: Random) -> None:
    container, key = place
    container[key] = copy.deepcopy(random.choice(STRANGE_VALUES))


def _swap(place: Place, all_: list[Place], random: Random) -> None:
    """Two values change places; a copy, so that nothing contains itself."""
    (container, key), (other, its) = place, random.choice(all_)
    container[key], other[its] = copy.deepcopy(other[its]), copy.deepcopy(container[key])


def _duplicate(place: Place, _: list[Place], random: Random) -> None:
    container, key = place
    if isinstance(container, list):
        container.insert(random.randrange(len(container) + 1), copy.deepcopy(container[key]))
    else:
        container[f"{key}_{random.randrange(3)}"] = copy.deepcopy(container[key])


def _rename(place: Place, all_: list[Place], random: Random) -> None:
    """A key or a text becomes another one that occurs, or nearly the same."""
    container, key = place
    texts = [value for one, at in all_ for value in (at, one[at]) if isinstance(value, str)]
    if isinstance(container[key], str):
        container[key] = random.choice([*texts, container[key] + "s", container[key][:-1], container[key].upper()])
    elif isinstance(container, dict):
        container[random.choice([*texts, f"{key}s"])] = container.pop(key)


def _nest(place: Place, _: list[Place], random: Random) -> None:
    container, key = place
    for _number in range(random.choice((1, 1, 2, 70))):
        container[key] = random.choice((lambda value: [value], lambda value: {"x": value}))(container[key])


def _combine(place: Place, all_: list[Place], random: Random) -> None:
    """Two texts, such as expressions, become one."""
    container, key = place
    other, its = random.choice(all_)
    if isinstance(container[key], str) and isinstance(other[its], str):
        joint = random.choice((" ", " && ", " + ", ".", ", ", "${", "}", "\n", ""))
        container[key] = f"{container[key]}{joint}{other[its]}"


_MUTATIONS: tuple[Callable[[Place, list[Place], Random], None], ...] = (
    *(_delete, _change, _change, _swap, _duplicate, _rename, _rename, _nest, _combine),
)
