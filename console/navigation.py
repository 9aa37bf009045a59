"""The links of the bar at the top of every page."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from operations.access import permissions
from operations.access.permissions import Permission
from operations.access.person import Person, require
from operations.errors import OperationError


@dataclass(frozen=True, slots=True)
class NavigationItem:
    title: str
    url: str
    permission: Permission
    key: str
    """After `g`, it opens the page."""


NAVIGATION = (
    NavigationItem("Orders", "/orders", permissions.LIST_ORDERS, "o"),
    NavigationItem("Work", "/work", permissions.READ_WORK, "w"),
    NavigationItem("Submit", "/submit", permissions.SUBMIT, "s"),
    NavigationItem("Catalogue", "/catalogue", permissions.READ_CATALOGUE, "c"),
    NavigationItem("Systems", "/systems", permissions.READ_SYSTEMS, "y"),
    NavigationItem("Reports", "/reports", permissions.READ_REPORTS, "r"),
    NavigationItem("Notifications", "/notifications", permissions.READ_NOTIFICATIONS, "n"),
)


def items_for(person: Person | None, pages: Collection[str]) -> list[NavigationItem]:
    """Those of `pages` (their paths) that the person may open."""
    return [item for item in NAVIGATION if item.url in pages and person is not None and _may(person, item.permission)]


def _may(person: Person, permission: Permission) -> bool:
    try:
        require(person, permission)
    except OperationError:
        return False
    return True
