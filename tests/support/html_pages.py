"""HTML pages as a browser without scripts would read them."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser

LOADING_ATTRIBUTES = {"src", "srcset", "data", "action", "formaction", "poster", "background", "ping", "manifest"}
LOADING_TAGS = {"link", "iframe", "object", "embed", "img", "image", "base", "form", "video", "audio", "feimage"}

INLINE_TAGS = {"code", "small", "a", "span", "tspan"}


class HtmlPage(HTMLParser):
    """The elements, ids and visible text of a page."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, list[tuple[str, str]]]] = []
        self.ids: set[str] = set()
        self.text = ""
        self.raw: dict[str, list[str]] = {"script": [], "style": []}
        """The contents of scripts and styles."""
        self._inside = ""
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = [(name, value or "") for name, value in attrs]
        self.elements.append((tag, attributes))
        self.ids |= {value for name, value in attributes if name == "id"}
        self._inside = tag if tag in self.raw else ""
        if tag not in INLINE_TAGS:
            self.text += "\n"

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.raw[self._inside].append(data)
        else:
            self.text += data

    def assert_loads_nothing(self) -> None:
        """No element or style loads anything, no attribute is a script, and the policy allows only what is there."""
        for tag, attributes in self.elements:
            assert tag not in LOADING_TAGS
            for name, value in attributes:
                assert name not in LOADING_ATTRIBUTES
                assert not name.startswith("on")
                assert name not in ("href", "xlink:href") or value.startswith("#")
                assert name != "style"
        styles = "".join(self.raw["style"])
        assert not re.search(r"url\((?!#)|@import", styles)
        (policy,) = [
            dict(attributes)["content"]
            for tag, attributes in self.elements
            if tag == "meta" and dict(attributes).get("http-equiv") == "Content-Security-Policy"
        ]
        assert policy.startswith("default-src 'none'; ")
        for kind, contents in (("style", styles), ("script", "".join(self.raw["script"]))):
            digest = b64encode(sha256(contents.encode()).digest()).decode()
            assert f"{kind}-src 'sha256-{digest}'" in policy
