"""The console's settings: what is refused at the start, and in which words."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from console.settings import ConsoleSettings, load_settings
from http_server.settings import InvalidSetting

ACCOUNTS = {"ORDO_ACCOUNTS_FILE": "/etc/ordo/accounts.yaml"}
HERE = "http://127.0.0.1:8070"


def test_defaults_are_for_one_machine() -> None:
    settings = load_settings(ACCOUNTS, HERE)
    assert settings == ConsoleSettings(HERE, "local-8070", Path("/etc/ordo/accounts.yaml"))
    assert not settings.is_secure
    assert settings.temporal_page("A 1") == ""


def test_behind_tls_another_address_is_named() -> None:
    environment = {
        "ORDO_CONSOLE_URL": "https://console.example.com/",
        "ORDO_CONSOLE_SESSIONS": "/data/sessions.sqlite",
        "ORDO_CONSOLE_READ_ONLY": "Yes",
        "ORDO_CONSOLE_IDLE_MINUTES": "15",
        "ORDO_TEMPORAL_UI_URL": "https://temporal.example.com/",
    }
    settings = load_settings(ACCOUNTS | environment, "http://0.0.0.0:8070", "orders")
    assert settings.url == "https://console.example.com"
    assert settings.instance == "console-example-com"
    assert settings.is_secure
    assert settings.read_only
    assert settings.idle_limit == timedelta(minutes=15)
    page = "https://temporal.example.com/namespaces/orders/workflows/order%2FA%201"
    assert settings.temporal_page("A 1") == page


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1", "http://localhost:1", "http://[::1]:1", "http://a.localhost:1", "https://example.com"]
)
def test_plain_http_is_for_this_machine_alone(url: str) -> None:
    assert load_settings(ACCOUNTS, url).url == url


@pytest.mark.parametrize("url", ["http://0.0.0.0:8070", "http://10.0.0.7:8070", "http://console.example.com"])
def test_plain_http_on_the_network_is_refused(url: str) -> None:
    with pytest.raises(InvalidSetting, match=r"could be read on the network\. Set ORDO_CONSOLE_URL"):
        load_settings(ACCOUNTS, url)
    with pytest.raises(InvalidSetting, match="could be read on the network"):
        load_settings(ACCOUNTS | {"ORDO_CONSOLE_URL": url}, HERE)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"ORDO_ACCOUNTS_FILE": ""}, "ORDO_ACCOUNTS_FILE is not set.*`account add`"),
        (
            {"ORDO_CONSOLE_URL": "https://example.com/console"},
            "ORDO_CONSOLE_URL must be the address of the console alone",
        ),
        ({"ORDO_CONSOLE_URL": "example.com"}, "ORDO_CONSOLE_URL must be"),
        ({"ORDO_CONSOLE_URL": "https://user@example.com"}, "ORDO_CONSOLE_URL must be"),
        ({"ORDO_CONSOLE_URL": "https://example.com:port"}, "ORDO_CONSOLE_URL must be"),
        ({"ORDO_CONSOLE_INSTANCE": "Production!"}, "ORDO_CONSOLE_INSTANCE must have 1 to 32 lower-case letters"),
        ({"ORDO_CONSOLE_READ_ONLY": "maybe"}, "ORDO_CONSOLE_READ_ONLY must be `yes` or `no`"),
        ({"ORDO_CONSOLE_IDLE_MINUTES": "0"}, "ORDO_CONSOLE_IDLE_MINUTES must be a number of minutes"),
        ({"ORDO_CONSOLE_IDLE_MINUTES": "²"}, "ORDO_CONSOLE_IDLE_MINUTES must be a number of minutes"),
        ({"ORDO_CONSOLE_WRONG_TOKENS": "many"}, "ORDO_CONSOLE_WRONG_TOKENS must be a number"),
        ({"ORDO_OIDC_ISSUER": "http://id.example.com"}, "ORDO_OIDC_ISSUER must be an address that begins with https"),
        ({"ORDO_OIDC_ISSUER": "https://id.example.com"}, "ORDO_OIDC_CLIENT_ID is not set"),
    ],
)
def test_a_wrong_setting_is_named_with_what_is_right(changed: dict[str, str], message: str) -> None:
    with pytest.raises(InvalidSetting, match=message):
        load_settings(ACCOUNTS | changed, HERE)
