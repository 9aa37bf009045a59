"""The roles that an account can have."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Role(StrEnum):
    VIEWER = "viewer"
    OPERATOR = "operator"
    PUBLISHER = "publisher"
    ADMIN = "admin"
    SUBMITTER = "submitter"
    SENDER = "sender"


ROLE_SUMMARIES: Mapping[Role, str] = {
    Role.VIEWER: "sees everything and changes nothing",
    Role.OPERATOR: "sees everything, submits orders and acts on them; with queues only on the work in these queues",
    Role.PUBLISHER: "sees everything and publishes the catalogue",
    Role.ADMIN: "may do everything",
    Role.SUBMITTER: "a program that submits orders, amends and cancels them, and reads how they stand",
    Role.SENDER: "a program that sends events, and nothing else",
}
