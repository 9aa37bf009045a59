"""Which groups have which roles."""

from __future__ import annotations

import pytest

from console.access.oidc.settings import OidcSettings, load_oidc_settings
from http_server.settings import InvalidSetting
from operations.access.person import Person
from operations.access.roles import Role

ENVIRONMENT = {
    "ORDO_OIDC_ISSUER": "https://id.example.com/realms/ordo/",
    "ORDO_OIDC_CLIENT_ID": "console",
    "ORDO_OIDC_CLIENT_SECRET": "secret",
    "ORDO_OIDC_ROLES": (
        "ops=operator; field=operator:field_force ;care=operator:care; cn=it,dc=example,dc=com=admin; all=viewer"
    ),
}


def settings(**changes: str) -> OidcSettings:
    loaded = load_oidc_settings(ENVIRONMENT | changes)
    assert loaded is not None
    return loaded


@pytest.mark.parametrize(
    ("groups", "roles", "queues"),
    [
        ({"ops"}, {Role.OPERATOR}, set()),
        ({"field"}, {Role.OPERATOR}, {"field_force"}),
        ({"field", "care", "all"}, {Role.OPERATOR, Role.VIEWER}, {"field_force", "care"}),
        ({"field", "ops"}, {Role.OPERATOR}, set()),
        ({"cn=it,dc=example,dc=com", "unknown"}, {Role.ADMIN}, set()),
    ],
)
def test_a_person_has_the_roles_of_their_groups(groups: set[str], roles: set[Role], queues: set[str]) -> None:
    assert settings().person("ann", groups) == Person("ann", frozenset(roles), frozenset(queues))


def test_nobody_has_a_role_without_a_group() -> None:
    assert settings().person("ann", {"unknown", ""}) is None
    assert settings().person("ann", ()) is None


def test_there_is_no_provider_without_an_issuer() -> None:
    assert load_oidc_settings({}) is None


def test_the_secret_is_not_shown() -> None:
    assert "client_secret" not in repr(settings())


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"ORDO_OIDC_ROLES": ""}, "ORDO_OIDC_ROLES is not set"),
        ({"ORDO_OIDC_ROLES": "ops"}, "`ops` does not give a group a role"),
        ({"ORDO_OIDC_ROLES": "ops=king"}, "`ops=king` does not give"),
        ({"ORDO_OIDC_ROLES": "ops=admin:care"}, "only an operator may be limited to a queue"),
        ({"ORDO_OIDC_ROLES": "=admin"}, "`=admin` does not give"),
        ({"ORDO_OIDC_CLIENT_SECRET": ""}, "ORDO_OIDC_CLIENT_SECRET is not set"),
    ],
)
def test_a_wrong_setting_is_named(changed: dict[str, str], message: str) -> None:
    with pytest.raises(InvalidSetting, match=message):
        settings(**changed)
