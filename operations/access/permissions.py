"""The table of actions and roles: who may do what. The gateway, the console and docs/access.md read it from here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from operations.access.roles import Role
from workflows.contract import actions
from workflows.contract.actions import ACTIONS, ActionSpec
from workflows.contract.order_messages import StepAction


class QueueRule(StrEnum):
    """What the permission is worth to operators whose account names queues."""

    FREE = "yes"
    OWN_WORK = "work in their queues"
    """Only on steps that wait in one of the queues."""
    REFUSED = "no"
    """It is about more than the work in some queues."""


@dataclass(frozen=True, slots=True)
class Permission:
    name: str
    """Stable: a refusal names it. For an operator action, the name of the action."""
    summary: str
    roles: frozenset[Role]
    for_queues: QueueRule = QueueRule.FREE


_READERS = frozenset({Role.VIEWER, Role.OPERATOR, Role.PUBLISHER, Role.ADMIN})
_OPERATORS = frozenset({Role.OPERATOR, Role.ADMIN})
_ORDER_ENTRY = _OPERATORS | {Role.SUBMITTER}
_PUBLISHERS = frozenset({Role.PUBLISHER, Role.ADMIN})
_ADMINS = frozenset({Role.ADMIN})

READ_ORDER = Permission(
    "read_order", "Read an order: state, steps, what it waits for, history", _READERS | {Role.SUBMITTER}
)
LIST_ORDERS = Permission("list_orders", "List and search orders", _READERS)
READ_WORK = Permission("read_work", "See tasks and fallout", _READERS)
READ_SYSTEMS = Permission("read_systems", "See the systems that orders call", _READERS)
READ_CATALOGUE = Permission("read_catalogue", "See the catalogue in force and published versions", _READERS)
READ_NOTIFICATIONS = Permission("read_notifications", "See events that are not delivered yet", _READERS)
READ_REPORTS = Permission("read_reports", "Read reports", _READERS)
SUBMIT = Permission("submit", "Submit an order, or run one again", _ORDER_ENTRY, QueueRule.REFUSED)
SEND_EVENT = Permission("send_event", "Deliver an event", _OPERATORS | {Role.SENDER}, QueueRule.REFUSED)
OVERRIDE = Permission(
    "override",
    "Pass a point of no return (`override`), where the action itself is allowed",
    _OPERATORS,
    QueueRule.REFUSED,
)
BULK_JOB = Permission(
    "bulk_job",
    "Begin, pause, continue and stop bulk jobs, where the action itself is allowed",
    _ORDER_ENTRY,
    QueueRule.OWN_WORK,
)
SWITCH_SYSTEM = Permission("switch_system", "Switch a system off or on", _OPERATORS, QueueRule.REFUSED)
RESEND = Permission("resend", "Send undelivered events again", _OPERATORS, QueueRule.REFUSED)
PUBLISH = Permission("publish", "Publish a version of the catalogue", _PUBLISHERS)
UNPUBLISH = Permission("unpublish", "Withdraw what is published", _PUBLISHERS)
EXPORT = Permission("export", "Export orders, with personal data", _ADMINS)
ERASE = Permission("erase", "Erase a customer's data", _ADMINS)
LEGAL_HOLD = Permission("legal_hold", "Keep an order's data from being deleted", _ADMINS)
MAINTAIN_LEDGER = Permission("maintain_ledger", "Check the ledger, write it anew, archive orders", _ADMINS)
MANAGE_ACCOUNTS = Permission("manage_accounts", "Add and remove accounts, rotate and revoke tokens", _ADMINS)

_ORDER_ENTRY_ACTIONS = (actions.AMEND, actions.CANCEL)
"""What a system that submits orders also does with them."""


def _action_permission(spec: ActionSpec) -> Permission:
    if spec is actions.NOTE:
        rule = QueueRule.FREE
    elif spec.request is StepAction:
        rule = QueueRule.OWN_WORK
    else:
        rule = QueueRule.REFUSED  # `redo` too: it also undoes steps that are others' work
    roles = _ORDER_ENTRY if spec in _ORDER_ENTRY_ACTIONS else _OPERATORS
    return Permission(spec.name, spec.summary, roles, rule)


ACTION_PERMISSIONS: Mapping[str, Permission] = {name: _action_permission(spec) for name, spec in ACTIONS.items()}
"""By the name of the operator action."""


def _all_permissions() -> Iterator[Permission]:
    yield from (READ_ORDER, LIST_ORDERS, READ_WORK, READ_SYSTEMS, READ_CATALOGUE, READ_NOTIFICATIONS, READ_REPORTS)
    yield from (SUBMIT, SEND_EVENT, *ACTION_PERMISSIONS.values(), OVERRIDE, BULK_JOB, SWITCH_SYSTEM, RESEND)
    yield from (PUBLISH, UNPUBLISH, EXPORT, ERASE, LEGAL_HOLD, MAINTAIN_LEDGER, MANAGE_ACCOUNTS)


PERMISSIONS: Mapping[str, Permission] = {permission.name: permission for permission in _all_permissions()}
"""The whole table, in the order of docs/access.md."""
