"""Runs the examples of finding pages."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from compiler.compile_order import compile_with_warnings
from compiler.decomposition.running_units import running_units
from compiler.finding_pages.finding_page import FindingExample
from compiler.load_catalogue import check_definitions, load_catalogue
from compiler.orders.reader import read_orders
from compiler.source.findings import Finding
from tests.support.paths import ROOT

DEFINITIONS, ORDER, AMENDMENT, ENVIRONMENT = "definitions.yaml", "order.yaml", "amendment.yaml", "environment.yaml"


def run_example(example: FindingExample, folder: Path) -> list[Finding]:
    """All findings that the example gives in the empty `folder`."""
    if example.script is not None:
        return _run_script(example.script, folder)
    for name, content in example.files.items():
        (folder / name).write_text(content, encoding="utf-8")
    environment = folder / ENVIRONMENT if ENVIRONMENT in example.files else None
    checked = [folder / name for name in example.files if name not in (AMENDMENT, ENVIRONMENT)]
    findings = check_definitions(checked, environment)
    return findings if AMENDMENT not in example.files else [*findings, *_amend(folder)]


def _amend(folder: Path) -> list[Finding]:
    """The findings of an amendment of the order, of which no step has begun."""
    (folder / "catalogue").mkdir()
    (folder / DEFINITIONS).rename(folder / "catalogue" / DEFINITIONS)
    catalogue = load_catalogue(folder / "catalogue")
    (order,) = read_orders((folder / ORDER).read_text(encoding="utf-8"), ORDER)
    (amendment,) = read_orders((folder / AMENDMENT).read_text(encoding="utf-8"), AMENDMENT)
    plan = compile_with_warnings(order, catalogue).require_plan()
    compilation = compile_with_warnings(amendment, catalogue, AMENDMENT, units=running_units(plan, (), ()))
    return [*compilation.findings, *compilation.warnings]


def _run_script(script: str, folder: Path) -> list[Finding]:
    programs = folder / "bin"
    programs.mkdir()
    program = programs / "ordo"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{ROOT / "starter.py"}" "$@" -o json\n', encoding="utf-8")
    program.chmod(0o755)
    work = folder / "work"
    work.mkdir()
    environment = {
        **os.environ,
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "TEMPORAL_ADDRESS": "localhost:1",
    }
    done = subprocess.run(["sh", "-eu", "-c", script], cwd=work, env=environment, capture_output=True, text=True)
    assert done.stdout, done.stderr
    document = json.loads(done.stdout)
    findings = document.get("findings") or document.get("error", {}).get("findings") or document.get("warnings") or []
    return [Finding.model_validate(one) for one in findings]
