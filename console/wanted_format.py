"""Whether a request is a browser's that opens a page, or a script's."""

from __future__ import annotations

from starlette.datastructures import Headers


def wants_page(headers: Headers) -> bool:
    """Scripts and streams get JSON. Browsers say what a request is for; others say what they accept."""
    destination = headers.get("sec-fetch-dest")
    if destination is not None:
        return destination in ("document", "iframe")
    return "text/html" in headers.get("accept", "")
