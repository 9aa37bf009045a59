"""What differs between an order before and after an amendment: values of the order, and of each of its lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from console.presenting.order.line_groups import value_text

MISSING = object()


@dataclass(frozen=True)
class ChangedValue:
    subject: str
    """`order`, or `line 1`."""
    name: str
    """`requested_completion`, `attributes.cameras`. Empty for a whole line."""
    before: str
    after: str
    kind: str
    """`added`, `removed` or `changed`."""


def order_difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[ChangedValue]:
    """Both are orders as they were submitted. Values of the order come first, then lines in their order."""
    old_lines, new_lines = _lines_by_id(before), _lines_by_id(after)
    found = [*_changes("order", _flat(_without_lines(before)), _flat(_without_lines(after)))]
    for line_id in dict.fromkeys([*old_lines, *new_lines]):
        subject = f"line {line_id}"
        old, new = old_lines.get(line_id), new_lines.get(line_id)
        if old is None or new is None:
            kind = "added" if old is None else "removed"
            found.append(ChangedValue(subject, "", _summary(old), _summary(new), kind))
            continue
        found += _changes(subject, _flat(_without_lines(old)), _flat(_without_lines(new)))
    return found


def _without_lines(document: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name not in ("lines", "id")}


def _lines_by_id(document: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Also the lines in lines."""
    found: dict[str, Mapping[str, Any]] = {}
    lines = document.get("lines")
    for line in lines if isinstance(lines, list) else ():
        if isinstance(line, Mapping):
            found[str(line.get("id"))] = line
            found |= _lines_by_id(line)
    return found


def _flat(document: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested mappings as `attributes.cameras`. Lists stay whole."""
    values: dict[str, Any] = {}
    for name, value in document.items():
        if isinstance(value, Mapping) and value:
            values |= _flat(value, f"{prefix}{name}.")
        else:
            values[f"{prefix}{name}"] = value
    return values


def _changes(subject: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[ChangedValue]:
    for name in dict.fromkeys([*before, *after]):
        old, new = before.get(name, MISSING), after.get(name, MISSING)
        if _differs(old, new):
            kind = "added" if old is MISSING else "removed" if new is MISSING else "changed"
            yield ChangedValue(subject, name, _shown(old), _shown(new), kind)


def _differs(old: Any, new: Any) -> bool:
    return bool(old != new) or isinstance(old, bool) != isinstance(new, bool)


def _shown(value: Any) -> str:
    return "" if value is MISSING else value_text(value)


def _summary(line: Mapping[str, Any] | None) -> str:
    """`home_security ×2`."""
    if line is None:
        return ""
    quantity = line.get("quantity", 1)
    return f"{line.get('product')}" + (f" ×{value_text(quantity)}" if quantity != 1 else "")


def difference_summary(changes: Sequence[ChangedValue]) -> str:
    """`1 line added, 3 values changed`; `nothing` if it changes nothing."""
    lines = {kind: sum(1 for each in changes if not each.name and each.kind == kind) for kind in ("added", "removed")}
    values = sum(1 for each in changes if each.name)
    parts = [f"{count} {'line' if count == 1 else 'lines'} {kind}" for kind, count in lines.items() if count]
    parts += [f"{values} {'value' if values == 1 else 'values'} changed"] if values else []
    return ", ".join(parts) or "nothing"
