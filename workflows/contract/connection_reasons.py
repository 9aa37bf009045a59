"""Why Temporal cannot be reached, in plain words: the client answers with nested debug text of its transport."""

from __future__ import annotations

import re
from itertools import takewhile

NOTHING_SAID = "the connection failed"

KNOWN_REASONS = (
    (re.compile(r"dns error|failed to lookup address", re.I), "there is no host of this name"),
    (re.compile(r"InvalidContentType|InvalidMessage|WrongVersion"), "it does not speak TLS there"),
    (re.compile(r"certificate[^\"]*UnknownIssuer|UnknownCA"), "the issuer of its TLS certificate is not trusted"),
    (re.compile(r"certificate[^\"]*NotValidForName"), "its TLS certificate is for another host"),
    (re.compile(r"certificate[^\"]*Expired"), "its TLS certificate has expired"),
    (re.compile(r"CertificateRequired|HandshakeFailure"), "it refuses this client's TLS certificate"),
    (
        re.compile(
            r"h2 protocol error|http2 error|FRAME_SIZE_ERROR|operation was canceled|connection closed"
            r"|stream closed|connection reset",
            re.I,
        ),
        "what listens there ends the connection; it may be no Temporal, or expect TLS",
    ),
)
"""What the text contains → what it means. The first that matches counts."""

MESSAGE_PATTERN = re.compile(r'(?:message|error): "([^"]+)"')
QUOTED_PATTERN = re.compile(r'"([^"]+)"')
DEBUG_TEXT_PATTERN = re.compile(r"\w::\w|\b[A-Z]\w*\(|\w \{|\{ \w+:")
"""In text that no person should have to read."""


def connection_error_reason(text: str) -> str:
    """The innermost reason in the client's long text, such as `Connection refused`."""
    for pattern, reason in KNOWN_REASONS:
        if pattern.search(text):
            return reason
    said = MESSAGE_PATTERN.findall(text) or QUOTED_PATTERN.findall(text)
    return next((each for each in reversed(said) if is_plain(each)), None) or plain_line(text)


def plain_line(text: str) -> str:
    """The first line of the text, as far as no debug text begins in it."""
    line = text.splitlines()[0] if text else ""
    return ": ".join(takewhile(is_plain, line.split(": ")))[:200].strip(" ,:") or NOTHING_SAID


def is_plain(text: str) -> bool:
    return DEBUG_TEXT_PATTERN.search(text) is None
