"""The table of all functions, as it is in docs/language.md: `python -m compiler.cel.function_table` renews it."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from compiler.cel.evaluation import evaluate
from compiler.cel.function_docs import FUNCTION_DOCS, METHOD_DOCS, FunctionDoc

REFERENCE = Path("docs", "language.md")
SAMPLE = {"attributes": {"sites": [{"name": "north"}, {"name": "south"}]}}
_BEGIN = "<!-- This table is written by `python -m compiler.cel.function_table`. -->\n"
_END = "<!-- End of the table. -->\n"


def function_table() -> str:
    """In Markdown. The results are those of the examples."""
    rows = [*_rows(FUNCTION_DOCS, ""), *_rows(METHOD_DOCS, "x.")]
    return "".join(["| function | what it gives | example | result |\n|---|---|---|---|\n", *rows])


def _rows(docs: Mapping[str, FunctionDoc], receiver: str) -> list[str]:
    return [
        f"| `{receiver}{doc.signature}` | {doc.description} | `{doc.example}` | `{_result(doc.example)}` |\n"
        for doc in docs.values()
    ]


def _result(example: str) -> str:
    value: Any = evaluate(example, SAMPLE)
    return json.dumps(value, ensure_ascii=False, default=str)


def with_new_table(markdown: str) -> str:
    """The text of docs/language.md with its table of functions renewed."""
    before, rest = markdown.split(_BEGIN)
    return f"{before}{_BEGIN}\n{function_table()}\n{_END}{rest.split(_END)[1]}"


if __name__ == "__main__":
    REFERENCE.write_text(with_new_table(REFERENCE.read_text(encoding="utf-8")), encoding="utf-8")
    sys.stdout.write(f"{REFERENCE} is renewed\n")
