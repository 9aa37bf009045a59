"""Catalogues and orders at random, sound by construction, as YAML documents and data. Also compiles one from a command
line: `python -m tests.support.compiler.random_catalogues FOLDER ORDER` prints the plan as JSON.
"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path
from typing import Any

import yaml

from compiler.compile_order import compile_order
from compiler.load_catalogue import load_catalogue
from compiler.plan.to_json import plan_to_json
from compiler.source.findings import OrderRejected

ACTIONS = ("add", "modify", "delete", "no_change")
ATTRIBUTES: dict[str, dict[str, Any]] = {
    "n": {"type": "integer", "default": 2},
    "site": {"type": "string"},
    "on": {"type": "boolean", "default": True},
    "list": {"type": "list", "default": ["a", "b"]},
}


class Draw:
    """A random catalogue and orders for it, drawn from a seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.loses_values = seed % 2 == 0
        """Whether rules empty and change the value of `per` expressions, and a product that nothing leads to exists."""
        self.offers = [f"offer_{at}" for at in range(self.random.randint(1, 3))]
        self.technical = [f"part_{at}" for at in range(self.random.randint(1, 6))]
        self.steps: list[str] = []

    def documents(self) -> list[dict[str, Any]]:
        """Each document refers only to steps of earlier ones."""
        documents = [self._technical(at) for at in range(len(self.technical))]
        documents += [self._workstream(at) for at in range(self.random.randint(0, 3))]
        documents += [self._offer(at) for at in range(len(self.offers))]
        return documents + ([self._unused()] if self.loses_values else [])

    def _unused(self) -> dict[str, Any]:
        """It lists all parts, and no order can bring it."""
        rules = [{"product": name} for name in self.technical]
        attributes = {name: {**declared, "merge": "first"} for name, declared in ATTRIBUTES.items()}
        return {"kind": "technical_product", "id": "unused", "attributes": attributes, "decomposes_to": rules}

    def _steps(self, owner: str) -> dict[str, Any]:
        steps: dict[str, Any] = {}
        for name in self.random.sample(["b", "a", "c"], self.random.randint(1, 3)):
            step: dict[str, Any] = {"milestone": True, "per": self._step_per()}
            if self.random.random() < 0.3:
                step["actions"] = self.random.sample(ACTIONS, self.random.randint(1, 3))
            known = self.steps + [f"{owner}.{other}" for other in steps]
            if known:
                step["after"] = [self._reference(known) for _ in range(self.random.randint(0, 2))]
            steps[name] = step
        self.steps += [f"{owner}.{name}" for name in steps]
        return steps

    def _reference(self, known: list[str]) -> Any:
        step = self.random.choice(known)
        if self.random.random() < 0.15:
            return {"step": step, "across": self.random.choice(["line", "bundle", "order"])}
        return step

    def _step_per(self) -> str:
        return self.random.choice(["line"] * 5 + ["bundle", "order", "attributes.site"])

    def _technical(self, at: int) -> dict[str, Any]:
        per = self.random.choice(["line"] * 4 + ["unit", "bundle", "order", "attributes.site"])
        document: dict[str, Any] = {
            "kind": "technical_product",
            "id": self.technical[at],
            "per": per,
            "attributes": {name: {**declared, "merge": "first"} for name, declared in ATTRIBUTES.items()},
            "decomposes_to": self._rules(self.technical[:at], 0.3),
        }
        if self.random.random() < 0.8:
            document["steps"] = self._steps(self.technical[at])
        return document

    def _rules(self, targets: list[str], likely: float) -> list[dict[str, Any]]:
        rules = []
        for target in targets:
            if self.random.random() > likely:
                continue
            rule: dict[str, Any] = {"product": target}
            rule |= self.random.choice([{}, {}, {"when": "attributes.on"}, {"when": "attributes.n > 2"}])
            rule |= self.random.choice([{}, {}, {"quantity": "quantity * attributes.n"}, {"as": "extra"}])
            rule |= self.random.choice([{}, {}, {}, {"for_each": "attributes.list", "key": "each"}])
            rule |= self.random.choice([{}, {}, {}, {"actions": ["add", "modify"]}])
            if self.loses_values:
                rule |= self.random.choice([{}, {}, {"attributes": {"site": ""}}, {"attributes": {"site": "u"}}])
            rules.append(rule)
        return rules

    def _workstream(self, at: int) -> dict[str, Any]:
        targets = self.random.sample([*self.technical, *self.offers], self.random.randint(1, 2))
        document: dict[str, Any] = {"kind": "workstream", "id": f"stream_{at}", "for": targets}
        document["steps"] = self._steps(f"stream_{at}")
        return document | self.random.choice([{}, {}, {"when": "attributes.on"}, {"actions": ["add", "delete"]}])

    def _offer(self, at: int) -> dict[str, Any]:
        document: dict[str, Any] = {
            "kind": "commercial_product",
            "id": self.offers[at],
            "attributes": ATTRIBUTES,
            "decomposes_to": self._rules(self.technical, 0.6),
            "no_work_for": list(ACTIONS),
        }
        if at:
            document["components"] = [{"product": name} for name in self.offers[:at] if self.random.random() < 0.4]
        if self.random.random() < 0.4:
            document["steps"] = self._steps(self.offers[at])
        dependencies = self._dependencies({rule["product"] for rule in document["decomposes_to"]} | {self.offers[at]})
        return document | ({"dependencies": dependencies} if dependencies else {})

    def _dependencies(self, products: set[str]) -> dict[str, Any]:
        """Later steps wait for earlier ones, so that there are no cycles."""
        own = [step for step in self.steps if step.partition(".")[0] in products]
        found: dict[str, Any] = {}
        for at, step in enumerate(own):
            if at and self.random.random() < 0.4:
                found[step] = [self._reference(own[:at])]
        return found

    def order(self) -> dict[str, Any]:
        lines = [self._line(str(at), 0) for at in range(1, self.random.randint(2, 4))]
        if len(lines) > 1 and self.random.random() < 0.4:
            lines[-1]["relies_on"] = ["1"]
        return {"id": "R-1", "customer": {"id": "C"}, "lines": lines}

    def _line(self, id_: str, depth: int) -> dict[str, Any]:
        line: dict[str, Any] = {
            "id": id_,
            "product": self.random.choice(self.offers),
            "quantity": self.random.randint(1, 2),
            "action": self.random.choice(["add", "add", *ACTIONS]),
            "attributes": {"on": self.random.random() < 0.6, "n": self.random.randint(1, 3)},
        }
        if self.random.random() < 0.6:
            line["attributes"]["site"] = self.random.choice(["s", "t"])
        if depth < 2 and self.random.random() < 0.4:
            line["lines"] = [self._line(f"{id_}.{at}", depth + 1) for at in range(1, self.random.randint(2, 4))]
        return line


def write(folder: Path, documents: list[dict[str, Any]]) -> Path:
    """Writes one file per document."""
    folder.mkdir(parents=True)
    for at, document in enumerate(documents):
        (folder / f"{at:02}.yaml").write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    return folder


def shuffled(value: Any, source: random.Random) -> Any:
    """The same data with shuffled keys."""
    if isinstance(value, dict):
        items = [(key, shuffled(inner, source)) for key, inner in value.items()]
        source.shuffle(items)
        return dict(items)
    return [shuffled(inner, source) for inner in value] if isinstance(value, list) else value


def compiled(folder: Path, order: dict[str, Any]) -> str:
    """The plan as text, or the codes of the findings."""
    try:
        return json.dumps(plan_to_json(compile_order(order, load_catalogue(folder))), indent=1)
    except OrderRejected as rejected:
        return "\n".join(f"{finding.code}" for finding in rejected.findings)


if __name__ == "__main__":
    sys.stdout.write(compiled(Path(sys.argv[1]), json.loads(sys.argv[2])))
