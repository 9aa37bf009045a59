"""The console's settings, from environment variables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import SplitResult, quote, urlsplit

from console.access.loopback import is_loopback
from console.access.oidc.settings import ISSUER_VARIABLE, OidcSettings, load_oidc_settings
from http_server.settings import InvalidSetting, read_wrong_tokens
from operations.access.accounts_file import ACCOUNTS_FILE_VARIABLE
from operations.access.failed_sign_ins import MAX_FAILURES
from workflows.contract.order_messages import order_workflow_id

URL_VARIABLE = "ORDO_CONSOLE_URL"
INSTANCE_VARIABLE = "ORDO_CONSOLE_INSTANCE"
SESSIONS_VARIABLE = "ORDO_CONSOLE_SESSIONS"
READ_ONLY_VARIABLE = "ORDO_CONSOLE_READ_ONLY"
IDLE_VARIABLE = "ORDO_CONSOLE_IDLE_MINUTES"
WRONG_TOKENS_VARIABLE = "ORDO_CONSOLE_WRONG_TOKENS"
TEMPORAL_UI_VARIABLE = "ORDO_TEMPORAL_UI_URL"
IDLE_MINUTES = 30
SESSION_HOURS = 12
_INSTANCE = re.compile(r"[a-z0-9][a-z0-9-]{0,31}", re.ASCII)
_YES_AND_NO = {"": False, "0": False, "no": False, "false": False, "1": True, "yes": True, "true": True}


@dataclass(frozen=True)
class ConsoleSettings:
    url: str
    """Where browsers find the console, without a slash at the end. Plain http only on this machine."""
    instance: str
    """Which of several consoles this is, such as `production`. It is shown, and is in the names of cookies."""
    accounts_file: Path | None
    """None: only the identity provider says who people are."""
    sessions_file: Path | None = None
    """Sessions are kept here, so that they survive a restart. None: in memory."""
    read_only: bool = False
    """Nobody can change anything, whatever their roles."""
    temporal_ui: str = ""
    """Temporal's Web UI, without a slash at the end. Empty: no page links to it."""
    namespace: str = "default"
    """Temporal's, for links to its Web UI."""
    idle_limit: timedelta = timedelta(minutes=IDLE_MINUTES)
    """A session without a request for so long ends."""
    session_limit: timedelta = timedelta(hours=SESSION_HOURS)
    """Every session ends so long after it began."""
    oidc: OidcSettings | None = None
    """The identity provider. None: people sign in with the tokens of accounts."""
    max_wrong_tokens: int = MAX_FAILURES
    """That an address may send in a minute."""

    @property
    def is_secure(self) -> bool:
        return self.url.startswith("https:")

    @property
    def netloc(self) -> str:
        return urlsplit(self.url).netloc

    def temporal_page(self, order_id: str) -> str:
        """The order in Temporal's Web UI; empty if its address is not known."""
        if not self.temporal_ui:
            return ""
        workflow = quote(order_workflow_id(order_id), safe="")
        return f"{self.temporal_ui}/namespaces/{quote(self.namespace, safe='')}/workflows/{workflow}"


def load_settings(environment: Mapping[str, str], listening_url: str, namespace: str = "default") -> ConsoleSettings:
    """`listening_url`: where the process listens; browsers use it unless ORDO_CONSOLE_URL says otherwise. Raises
    InvalidSetting."""
    accounts = environment.get(ACCOUNTS_FILE_VARIABLE)
    oidc = load_oidc_settings(environment)
    if not accounts and oidc is None:
        raise InvalidSetting(
            f"{ACCOUNTS_FILE_VARIABLE} is not set. It names the file of the accounts that may sign in; `account add` "
            f"of the command line creates it. Or set {ISSUER_VARIABLE} to an identity provider"
        )
    url = _read_url(environment.get(URL_VARIABLE) or listening_url)
    sessions = environment.get(SESSIONS_VARIABLE)
    return ConsoleSettings(
        url=url.geturl(),
        instance=_read_instance(environment.get(INSTANCE_VARIABLE) or _default_instance(url)),
        accounts_file=Path(accounts) if accounts else None,
        sessions_file=Path(sessions) if sessions else None,
        read_only=_read_flag(environment, READ_ONLY_VARIABLE),
        temporal_ui=(environment.get(TEMPORAL_UI_VARIABLE) or "").rstrip("/"),
        namespace=namespace,
        idle_limit=_read_minutes(environment, IDLE_VARIABLE, IDLE_MINUTES),
        oidc=oidc,
        max_wrong_tokens=read_wrong_tokens(environment, WRONG_TOKENS_VARIABLE),
    )


def _read_url(text: str) -> SplitResult:
    url = urlsplit(text.rstrip("/"))
    try:
        host, _ = url.hostname, url.port
    except ValueError:
        host = None
    if url.scheme not in ("http", "https") or not host or url.path or url.query or url.fragment or url.username:
        raise InvalidSetting(
            f"{URL_VARIABLE} must be the address of the console alone, such as https://console.example.com"
        )
    if url.scheme == "http" and not is_loopback(host):
        raise InvalidSetting(
            f"the console is reached at {url.geturl()}, where tokens and sessions could be read on the network. Set "
            f"{URL_VARIABLE} to its address behind TLS (https://…), or listen on 127.0.0.1 only"
        )
    return url


def _default_instance(url: SplitResult) -> str:
    """From the address, since a browser sends cookies to every port of a host."""
    host = url.hostname or ""
    return f"local-{url.port or 80}" if is_loopback(host) else re.sub("[^a-z0-9]+", "-", host)[:32].strip("-")


def _read_instance(text: str) -> str:
    if not _INSTANCE.fullmatch(text):
        raise InvalidSetting(f"{INSTANCE_VARIABLE} must have 1 to 32 lower-case letters, digits and `-`")
    return text


def _read_flag(environment: Mapping[str, str], name: str) -> bool:
    try:
        return _YES_AND_NO[environment.get(name, "").lower()]
    except KeyError:
        raise InvalidSetting(f"{name} must be `yes` or `no`") from None


def _read_minutes(environment: Mapping[str, str], name: str, default: int) -> timedelta:
    text = environment.get(name) or str(default)
    if not (text.isascii() and text.isdecimal() and 1 <= int(text[:10]) <= 1440):
        raise InvalidSetting(f"{name} must be a number of minutes from 1 to 1440")
    return timedelta(minutes=int(text))
