"""The forms of a page, filled in as a browser without scripts would send them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser


@dataclass
class HtmlForm:
    id: str
    action: str
    method: str
    values: dict[str, str] = field(default_factory=dict)
    """What it would send if nothing is changed and no button has a name."""
    buttons: list[tuple[str, str]] = field(default_factory=list)
    """Name and value of each button with a name."""
    problems: list[str] = field(default_factory=list)
    """Names of the fields that are marked as wrong."""


class _FormReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[HtmlForm] = []
        self._open: HtmlForm | None = None
        self._select = ""
        self._textarea: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = HtmlForm(given.get("id", ""), given.get("action", ""), given.get("method", "get"))
            self.forms.append(self._open)
            return
        form = self._open
        if form is None:
            return
        name = given.get("name", "")
        if "aria-invalid" in given and name:
            form.problems.append(name)
        if tag == "input" and name:
            self._read_input(form, name, given)
        elif tag == "button" and name:
            form.buttons.append((name, given.get("value", "")))
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and ("selected" in given or self._select not in form.values):
            form.values[self._select] = given.get("value", "")
        elif tag == "textarea":
            self._textarea = name
            form.values[name] = ""

    def _read_input(self, form: HtmlForm, name: str, given: dict[str, str]) -> None:
        kind = given.get("type")
        if kind != "file" and (kind != "checkbox" or "checked" in given):
            form.values[name] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
        elif tag == "select":
            self._select = ""
        elif tag == "textarea":
            if self._open is not None and self._textarea is not None:
                self._open.values[self._textarea] = self._open.values[self._textarea].removeprefix("\n")
            self._textarea = None

    def handle_data(self, data: str) -> None:
        if self._open is not None and self._textarea is not None:
            self._open.values[self._textarea] += data


def forms_of(page: str) -> list[HtmlForm]:
    reader = _FormReader()
    reader.feed(page)
    reader.close()
    return reader.forms


def main_form(page: str, button: str = "") -> HtmlForm:
    """The only form that is sent by POST and, with `button`, has a button of this value; the one to sign out apart."""
    (found,) = [
        form
        for form in forms_of(page)
        if form.method == "post"
        and form.action != "/sign-out"
        and (not button or any(value == button for _, value in form.buttons))
    ]
    return found


def visible_text(page: str) -> str:
    """With single spaces, without tags."""
    without = re.sub(r"<(script|style)\b.*?</\1>", "", page, flags=re.S)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", without)))
