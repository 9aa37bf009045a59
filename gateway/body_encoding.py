"""Bodies are UTF-8, as they are: what is compressed, or text in another charset, would be misread."""

from __future__ import annotations

from email.message import Message

from starlette.datastructures import Headers

UTF_8 = {"", "utf-8", "utf8"}


def encoding_problem(headers: Headers, body: bytes) -> str | None:
    """What to tell a sender whose body cannot be read; None if it can. ASCII is the same in UTF-8."""
    compression = headers.get("content-encoding", "identity").strip().lower()
    if compression not in ("", "identity"):
        return f"The body is encoded as {compression[:80]!r}; send it as it is, without `Content-Encoding`"
    charset = _charset(headers.get("content-type", ""))
    if charset not in UTF_8 and not body.isascii():
        return f"The body is text in {charset[:80]!r}; send it in UTF-8"
    return None


def _charset(content_type: str) -> str:
    message = Message()
    message["content-type"] = content_type
    parameter = message.get_param("charset", "")
    return parameter.strip().lower() if isinstance(parameter, str) else "an unknown charset"
