"""The identity provider, and which of its groups have which roles."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from console.access.loopback import is_loopback
from http_server.settings import InvalidSetting, read_secret
from operations.access.person import Person
from operations.access.roles import Role

ISSUER_VARIABLE = "ORDO_OIDC_ISSUER"
CLIENT_ID_VARIABLE = "ORDO_OIDC_CLIENT_ID"
CLIENT_SECRET_VARIABLE = "ORDO_OIDC_CLIENT_SECRET"
ROLES_VARIABLE = "ORDO_OIDC_ROLES"
GROUPS_CLAIM_VARIABLE = "ORDO_OIDC_GROUPS_CLAIM"
NAME_CLAIM_VARIABLE = "ORDO_OIDC_NAME_CLAIM"
TITLE_VARIABLE = "ORDO_OIDC_TITLE"
ROLES_EXAMPLE = "`ordo-operators=operator; field-team=operator:field_force; it=admin`"


@dataclass(frozen=True, slots=True)
class Grant:
    group: str
    role: Role
    queue: str = ""
    """An operator acts only on the work in it. Empty: on all work."""


@dataclass(frozen=True)
class OidcSettings:
    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    grants: tuple[Grant, ...]
    groups_claim: str = "groups"
    name_claim: str = "preferred_username"
    title: str = "your identity provider"
    """What people call it: it is on the button."""

    def person(self, account: str, groups: Iterable[str]) -> Person | None:
        """None if no group has a role."""
        member = set(groups)
        grants = [grant for grant in self.grants if grant.group in member]
        if not grants:
            return None
        queues = {grant.queue for grant in grants if grant.role is Role.OPERATOR}
        limit = frozenset() if "" in queues else frozenset(queues)
        return Person(account, frozenset(grant.role for grant in grants), limit)


def load_oidc_settings(environment: Mapping[str, str]) -> OidcSettings | None:
    """None: there is no identity provider. Raises InvalidSetting."""
    issuer = (environment.get(ISSUER_VARIABLE) or "").rstrip("/")
    if not issuer:
        return None
    url = urlsplit(issuer)
    if url.scheme != "https" and not (url.scheme == "http" and is_loopback(url.hostname or "")):
        raise InvalidSetting(f"{ISSUER_VARIABLE} must be an address that begins with https://")
    client_id = environment.get(CLIENT_ID_VARIABLE)
    if not client_id:
        raise InvalidSetting(f"{CLIENT_ID_VARIABLE} is not set. The identity provider knows the console by it")
    return OidcSettings(
        issuer,
        client_id,
        read_secret(environment, CLIENT_SECRET_VARIABLE, "the secret that the identity provider gave to the console"),
        _read_grants(environment.get(ROLES_VARIABLE) or ""),
        environment.get(GROUPS_CLAIM_VARIABLE) or OidcSettings.groups_claim,
        environment.get(NAME_CLAIM_VARIABLE) or OidcSettings.name_claim,
        environment.get(TITLE_VARIABLE) or OidcSettings.title,
    )


def _read_grants(text: str) -> tuple[Grant, ...]:
    """`group=role; group=operator:queue`. A group's name may have `=` and `,`, as those of LDAP."""
    grants = tuple(_read_grant(entry.strip()) for entry in text.split(";") if entry.strip())
    if not grants:
        raise InvalidSetting(f"{ROLES_VARIABLE} is not set. It says which groups have which roles: {ROLES_EXAMPLE}")
    return grants


def _read_grant(entry: str) -> Grant:
    group, _, given = entry.rpartition("=")
    role, _, queue = given.strip().partition(":")
    if not group.strip() or role not in set(Role) or (queue and role != Role.OPERATOR):
        roles = ", ".join(Role)
        raise InvalidSetting(
            f"{ROLES_VARIABLE}: `{entry[:100]}` does not give a group a role. Roles are {roles}; only an operator may "
            f"be limited to a queue: {ROLES_EXAMPLE}"
        )
    return Grant(group.strip(), Role(role), queue.strip())
