"""What the address of the list of orders says. Pure: text in, criteria or problems out, and text again for links."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from console.presenting.moments import find_zone, parse_moment
from console.presenting.orders.filter_fields import BY_NAME, FIELDS, MAX_TEXT, FilterField
from ledger.reading.errors import InvalidSearch
from ledger.reading.filters.order_filter import OrderFilter
from ledger.reading.paging.sorting import DEFAULT_ORDER_SORT, OrderColumn, Sort, parse_order_sort
from workflows.contract.states import Jeopardy, OrderState

PATH = "/orders"
PAGE_SIZES = (50, 100, 200)
GROUPINGS = {"cause": "by cause of fallout", "queue": "by queue"}
CHOICES: Mapping[str, Sequence[str]] = {
    "state": [state.value for state in OrderState],
    "jeopardy": [jeopardy.value for jeopardy in Jeopardy],
}
_ENUMS: Mapping[str, Any] = {"state": OrderState, "jeopardy": Jeopardy}
ON, OFF = ("true", "1", "on"), ("false", "0", "off")
PAGING = ("cursor", "first")
"""Parameters that belong to one page of one list: every other filter begins it again."""
Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class OrderQuery:
    pairs: Pairs
    """The parameters as they were written, without empty ones, in the order of the filters."""
    criteria: OrderFilter
    sort: Sort[OrderColumn] = DEFAULT_ORDER_SORT
    cursor: str | None = None
    first: int = 1
    """The place of the first row among all that fit."""
    grouping: str | None = None
    problems: Mapping[str, str] = field(default_factory=dict)
    """Parameter → what is wrong with its value. Then `criteria` lacks it, and no list may be shown."""
    pinned: Mapping[str, str] = field(default_factory=dict)
    """Moments that were written relative to now → as moments. The pages of a list share them."""

    @property
    def sort_text(self) -> str | None:
        """For the client. None: the sort that needs no ledger."""
        return None if self.sort == DEFAULT_ORDER_SORT else str(self.sort)

    @property
    def is_filtered(self) -> bool:
        return any(name in BY_NAME for name, _ in self.pairs)

    def values(self, name: str) -> list[str]:
        return [value for key, value in self.pairs if key == name]

    def value(self, name: str) -> str:
        return next(iter(self.values(name)), "")

    def address(self, **changes: str | Sequence[str] | None) -> str:
        """The address of this list with other values. None or nothing takes a parameter away; paging begins again."""
        kept = [(name, value) for name, value in self.pairs if name not in changes and name not in PAGING]
        added = [(name, value) for name, given in changes.items() for value in _as_list(given)]
        return list_address([*kept, *added])

    def next_address(self, cursor: str, shown: int) -> str:
        pairs = [(name, self.pinned.get(name, value)) for name, value in self.pairs if name not in PAGING]
        return list_address([*pairs, ("first", str(self.first + shown)), ("cursor", cursor)])


def list_address(pairs: Iterable[tuple[str, str]]) -> str:
    given = sorted((pair for pair in pairs if pair[1]), key=lambda pair: _place(pair[0]))
    return f"{PATH}?{urlencode(given)}" if given else PATH


def parse_order_query(parameters: Iterable[tuple[str, str]], now: datetime) -> OrderQuery:
    """Never raises: what cannot be understood is in `problems`."""
    pairs = tuple((name, value.strip()) for name, value in parameters if value.strip())
    reader = _Reader(pairs, now)
    criteria = OrderFilter(limit=reader.page_size(), **reader.criteria())
    return OrderQuery(
        pairs=tuple(sorted(pairs, key=lambda pair: _place(pair[0]))),
        criteria=criteria,
        sort=reader.sort(),
        cursor=reader.last("cursor"),
        first=reader.number("first", 1),
        grouping=reader.grouping(),
        problems=reader.problems,
        pinned=reader.pinned,
    )


def with_version(query: OrderQuery, version: str) -> OrderQuery:
    """With the full name of the catalogue version that the address names."""
    return replace(query, criteria=replace(query.criteria, catalogue_version=version))


def with_problem(query: OrderQuery, name: str, problem: str) -> OrderQuery:
    return replace(query, problems={**query.problems, name: problem})


OTHERS = ("group", "sort", "size", "zone", *PAGING)


class _Reader:
    def __init__(self, pairs: Pairs, now: datetime) -> None:
        self._pairs = pairs
        self._now = now
        self.problems: dict[str, str] = {}
        self.pinned: dict[str, str] = {}
        self._zone = self._find_zone()
        for name, _ in pairs:
            if name not in BY_NAME and name not in OTHERS:
                self.problems[name] = f"There is no filter `{name[:40]}`"

    def criteria(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for each in FIELDS:
            given = [value for name, value in self._pairs if name == each.name]
            if not given:
                continue
            try:
                found[each.criterion] = self._value(each, given)
            except ValueError as error:
                self.problems[each.name] = str(error)
        return found

    def _value(self, each: FilterField, given: list[str]) -> Any:
        last = given[-1]
        if each.kind == "choices":
            return tuple(dict.fromkeys(_choice(each.name, value) for value in given))
        if each.kind == "flag":
            if last not in (*ON, *OFF):
                raise ValueError(f"`{last[:40]}` is neither true nor false")
            return last in ON
        if each.kind == "moment":
            at = parse_moment(last, self._now, self._zone, ahead=each.ahead)
            self.pinned[each.name] = at.isoformat().replace("+00:00", "Z")
            return at
        if len(last) > MAX_TEXT:
            raise ValueError(f"At most {MAX_TEXT} characters")
        return last

    def _find_zone(self) -> ZoneInfo:
        zone = find_zone(self.last("zone"))
        if zone is None:
            self.problems["zone"] = f"There is no time zone `{(self.last('zone') or '')[:40]}`"
        return zone or ZoneInfo("UTC")

    def sort(self) -> Sort[OrderColumn]:
        try:
            return parse_order_sort(self.last("sort"))
        except InvalidSearch as error:
            self.problems["sort"] = str(error)
            return DEFAULT_ORDER_SORT

    def grouping(self) -> str | None:
        given = self.last("group")
        if given is not None and given not in GROUPINGS:
            self.problems["group"] = f"A list is grouped by {' or '.join(GROUPINGS)}, not by `{given[:40]}`"
            return None
        return given

    def page_size(self) -> int:
        size = self.number("size", PAGE_SIZES[0])
        if size not in PAGE_SIZES:
            self.problems["size"] = f"A page has {', '.join(map(str, PAGE_SIZES))} rows, not {size}"
        return size if size in PAGE_SIZES else PAGE_SIZES[0]

    def number(self, name: str, default: int) -> int:
        given = self.last(name)
        if given is None:
            return default
        if not (given.isascii() and given.isdigit() and len(given) < 10 and int(given) > 0):
            self.problems[name] = f"`{given[:40]}` is not a number from 1"
            return default
        return int(given)

    def last(self, name: str) -> str | None:
        return next((value for key, value in reversed(self._pairs) if key == name), None)


def _choice(name: str, value: str) -> Any:
    if value not in CHOICES[name]:
        raise ValueError(f"`{value[:40]}` is none of {', '.join(CHOICES[name])}")
    return _ENUMS[name](value)


_PLACES = {name: place for place, name in enumerate([*BY_NAME, *OTHERS])}


def _place(name: str) -> int:
    return _PLACES.get(name, len(_PLACES))


def _as_list(given: str | Sequence[str] | None) -> list[str]:
    if given is None:
        return []
    return [given] if isinstance(given, str) else [*given]
