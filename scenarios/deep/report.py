"""The troubles of generated orders as findings, and as files that show them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from compiler.generation.trouble import TroubleCode
from compiler.source.findings import Finding, finding_at
from scenarios.deep.search import DeepResult, Found

MARK = "# An order that `validate --deep` has generated."
"""The first line of each file; files that begin with it are replaced by the next search."""
_WORDS: Mapping[TroubleCode, str] = {
    TroubleCode.ORDER_REJECTED: "an order that the declarations allow is rejected",
    TroubleCode.ACTION_NOT_SERVED: "nobody would serve an order that the declarations allow",
    TroubleCode.PLAN_STUCK: "the plan of an order does not end well, although everything answers well",
    TroubleCode.STEP_WITHOUT_VALUE: "a step of an order fails, because an expression has no value",
    TroubleCode.AMENDMENT_FAILS: "an order does not end well if it is amended to another one that does",
}


@dataclass(frozen=True, slots=True)
class Example:
    """A trouble as a file: an order, or a scenario if the order alone does not show it."""

    found: Found
    name: str
    is_scenario: bool
    text: str


def examples(result: DeepResult) -> list[Example]:
    made: list[Example] = []
    names: set[str] = set()
    for found in result.troubles:
        name = _free_name(re.sub(r"[^a-z0-9_-]+", "-", f"{found.trouble.code.value}-{found.trouble.subject}"), names)
        names.add(name)
        made.append(Example(found, name, found.scenario is not None, _text(found, name)))
    return made


def _free_name(name: str, taken: set[str]) -> str:
    if name not in taken:
        return name
    return next(f"{name}-{number}" for number in range(2, len(taken) + 3) if f"{name}-{number}" not in taken)


def _text(found: Found, name: str) -> str:
    id_ = re.sub(r"[^a-z0-9]+", "_", f"deep_{name}")[:64]
    if found.scenario is not None:
        data: dict[str, Any] = {**found.scenario, "id": id_, "name": _WORDS[found.trouble.code]}
        data = {key: data[key] for key in ("kind", "id", "name", *(key for key in data if key not in ("kind", "id")))}
    else:
        data = {**found.order, "id": id_}
    comment = "".join(f"# {line}\n" for line in (f"{found.trouble.place}:", *found.trouble.message.splitlines()))
    written = yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=110)
    return f"{MARK}\n{comment}\n{written}"


def example_file(example: Example, folder: Path) -> Path:
    return folder / f"{example.name}.yaml"


def save_examples(made: Sequence[Example], folder: Path) -> None:
    """Writes them, and removes those of an earlier search. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.yaml"):
        if old.read_text(encoding="utf-8", errors="replace").startswith(MARK):
            old.unlink()
    for one in made:
        example_file(one, folder).write_text(one.text, encoding="utf-8")


def to_finding(found: Found, file: Path) -> Finding:
    """With the code and the words of its kind; all are warnings, since no order is refused for them here."""
    trouble = found.trouble
    message = f"{_WORDS[trouble.code]}: {trouble.message}; the smallest one is {file}"
    return finding_at(trouble.place, trouble.code.value, message, severity="warning")
