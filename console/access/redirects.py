"""Where a person is led after signing in."""

from __future__ import annotations


def local_path(url: str) -> str:
    """`url` if it is a path of the console, else `/`: a link to the console must not lead elsewhere."""
    is_local = url.startswith("/") and not url.startswith("//") and "\\" not in url and url.isprintable()
    return url if is_local else "/"
