"""`/docs`: the OpenAPI document as one page of HTML that needs nothing from elsewhere, no script and no network."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

HTTP_METHODS = ("get", "post", "put", "patch", "delete")

STYLESHEET = """
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222;background:#fff}
summary{cursor:pointer;padding:.4rem 0}code,pre{font-family:ui-monospace,monospace;font-size:.9em}
pre{background:#f4f4f4;padding:.6rem;overflow:auto}
b{display:inline-block;min-width:4rem}details{border-top:1px solid #ddd}
td,th{text-align:left;vertical-align:top;padding:.2rem .8rem .2rem 0}
@media(prefers-color-scheme:dark){body{color:#ddd;background:#1b1b1b}pre{background:#2a2a2a}details{border-color:#444}}
"""


def render_docs_page(schema: Mapping[str, Any]) -> str:
    title = escape(schema["info"]["title"])
    sections = "".join(_render_section(tag, schema) for tag in schema.get("tags", []))
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLESHEET}</style><h1>{title}</h1>'
        f"{_render_paragraphs(schema['info'].get('description', ''))}"
        f'<p>For programs: <a href="openapi.json">openapi.json</a></p>{sections}</html>'
    )


def _render_section(tag: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    operations = "".join(
        _render_operation(method, path, operation)
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
        if method in HTTP_METHODS and tag["name"] in operation.get("tags", [])
    )
    return f"<h2>{escape(tag['name'].capitalize())}</h2>{_render_paragraphs(tag.get('description', ''))}{operations}"


def _render_operation(method: str, path: str, operation: Mapping[str, Any]) -> str:
    return (
        f"<details><summary><b>{method.upper()}</b> <code>{escape(path)}</code> {escape(operation.get('summary', ''))}"
        f"</summary>{_render_paragraphs(operation.get('description', ''))}{_render_table(_parameter_rows(operation))}"
        f"{_render_example('Body', operation.get('requestBody', {}))}{''.join(_render_responses(operation))}</details>"
    )


def _parameter_rows(operation: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for parameter in operation.get("parameters", []):
        yield f"{parameter['name']} ({parameter['in']})", parameter.get("description", "")


def _render_table(rows: Iterator[tuple[str, str]]) -> str:
    shown = "".join(f"<tr><td><code>{escape(name)}</code><td>{_render_inline_code(text)}" for name, text in rows)
    return f"<table>{shown}</table>" if shown else ""


def _render_responses(operation: Mapping[str, Any]) -> Iterator[str]:
    for status, answer in sorted(operation.get("responses", {}).items()):
        yield f"<p><code>{escape(status)}</code> {_render_inline_code(answer.get('description', ''))}</p>"
        if status.startswith("2"):
            yield _render_example("", answer)


def _render_example(heading: str, part: Mapping[str, Any]) -> str:
    shown = part.get("content", {}).get("application/json", {}).get("example")
    if shown is None:
        return ""
    text = escape(json.dumps(shown, indent=2, ensure_ascii=False))
    return (f"<p>{heading}</p>" if heading else "") + f"<pre>{text}</pre>"


def _render_paragraphs(text: str) -> str:
    return "".join(f"<p>{_render_inline_code(paragraph)}</p>" for paragraph in text.split("\n\n") if paragraph)


def _render_inline_code(text: str) -> str:
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", escape(text))
