"""`/docs`: the OpenAPI document as one page of HTML that needs nothing from elsewhere, no script and no network."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

METHODS = ("get", "post", "put", "patch", "delete")

STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222;background:#fff}
summary{cursor:pointer;padding:.4rem 0}code,pre{font-family:ui-monospace,monospace;font-size:.9em}
pre{background:#f4f4f4;padding:.6rem;overflow:auto}
b{display:inline-block;min-width:4rem}details{border-top:1px solid #ddd}
td,th{text-align:left;vertical-align:top;padding:.2rem .8rem .2rem 0}
@media(prefers-color-scheme:dark){body{color:#ddd;background:#1b1b1b}pre{background:#2a2a2a}details{border-color:#444}}
"""


def reference_page(schema: Mapping[str, Any]) -> str:
    title = escape(schema["info"]["title"])
    sections = "".join(_section(tag, schema) for tag in schema.get("tags", []))
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style><h1>{title}</h1>'
        f"{_text(schema['info'].get('description', ''))}"
        f'<p>For programs: <a href="openapi.json">openapi.json</a></p>{sections}</html>'
    )


def _section(tag: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    operations = "".join(
        _operation(method, path, operation)
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
        if method in METHODS and tag["name"] in operation.get("tags", [])
    )
    return f"<h2>{escape(tag['name'].capitalize())}</h2>{_text(tag.get('description', ''))}{operations}"


def _operation(method: str, path: str, operation: Mapping[str, Any]) -> str:
    return (
        f"<details><summary><b>{method.upper()}</b> <code>{escape(path)}</code> {escape(operation.get('summary', ''))}"
        f"</summary>{_text(operation.get('description', ''))}{_table(_parameters(operation))}"
        f"{_example('Body', operation.get('requestBody', {}))}{''.join(_answers(operation))}</details>"
    )


def _parameters(operation: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for parameter in operation.get("parameters", []):
        yield f"{parameter['name']} ({parameter['in']})", parameter.get("description", "")


def _table(rows: Iterator[tuple[str, str]]) -> str:
    shown = "".join(f"<tr><td><code>{escape(name)}</code><td>{_marked(text)}" for name, text in rows)
    return f"<table>{shown}</table>" if shown else ""


def _answers(operation: Mapping[str, Any]) -> Iterator[str]:
    for status, answer in sorted(operation.get("responses", {}).items()):
        yield f"<p><code>{escape(status)}</code> {_marked(answer.get('description', ''))}</p>"
        if status.startswith("2"):
            yield _example("", answer)


def _example(heading: str, part: Mapping[str, Any]) -> str:
    shown = part.get("content", {}).get("application/json", {}).get("example")
    if shown is None:
        return ""
    text = escape(json.dumps(shown, indent=2, ensure_ascii=False))
    return (f"<p>{heading}</p>" if heading else "") + f"<pre>{text}</pre>"


def _text(text: str) -> str:
    return "".join(f"<p>{_marked(paragraph)}</p>" for paragraph in text.split("\n\n") if paragraph)


def _marked(text: str) -> str:
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", escape(text))
