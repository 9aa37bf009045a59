"""The plan of each sample order, kept as JSON beside the tests. They were first written by hand, from the language.

`python -m tests.definitions.golden_plans` writes them anew after a wanted change; the difference belongs in the review.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from compiler.catalogue.catalogue import Catalogue
from compiler.compile_order import compile_order
from compiler.load_catalogue import load_catalogue
from compiler.orders.reader import read_orders
from compiler.plan.to_json import plan_to_json
from tests.support.paths import ROOT

GOLDEN = Path(__file__).parent / "golden"


def sample_orders() -> dict[str, dict[str, Any]]:
    """Every order below orders/, by its id."""
    files = sorted(path for path in (ROOT / "orders").iterdir() if path.is_file())
    orders = [order for file in files for order in read_orders(file.read_text(), str(file))]
    return {str(order["id"]): order for order in orders}


def plan_of(order: dict[str, Any], catalogue: Catalogue) -> dict[str, Any]:
    """Of `plan -o json` what the business cares about: the fulfilment lines, and which step waits for which."""
    plan = plan_to_json(compile_order(order, catalogue))
    return {
        "lines": {line["id"]: {key: line[key] for key in line if key != "id"} for line in plan["lines"]},
        "steps": {step["id"]: sorted(step["after"]) for step in sorted(plan["steps"], key=lambda step: step["id"])},
    }


def golden_file(order_id: str) -> Path:
    return GOLDEN / f"{order_id}.json"


def write() -> None:
    catalogue = load_catalogue(ROOT / "definitions")
    GOLDEN.mkdir(exist_ok=True)
    for order_id, order in sample_orders().items():
        text = json.dumps(plan_of(order, catalogue), indent=1, ensure_ascii=False)
        golden_file(order_id).write_text(text + "\n")


if __name__ == "__main__":
    write()
