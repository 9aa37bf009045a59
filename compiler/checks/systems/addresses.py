"""Checks that addresses of systems and receivers say how they are reached."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from compiler.catalogue.definition_index import DefinitionIndex
from compiler.catalogue.definitions import DefinitionEntry
from compiler.source.findings import Finding

_SCHEMES = ("http://", "https://", "${")


def check(index: DefinitionIndex) -> Iterator[Finding]:
    for system in index.definitions.systems.values():
        yield from _check_address(system, "base_url", system.model.base_url)
    for receiver in index.definitions.receivers.values():
        yield from _check_address(receiver, "url", receiver.model.url)


def _check_address(entry: DefinitionEntry[Any], key: str, address: str) -> Iterator[Finding]:
    if not address.startswith(_SCHEMES):
        message = f"an address begins with `http://` or `https://`: write for example `https://{address[:60]}`"
        yield entry.finding("address-incomplete", (key,), message, severity="warning")
