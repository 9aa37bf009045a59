"""The checks that only warn never refuse a catalogue, because a worker does not run them."""

from __future__ import annotations

from pathlib import Path
from tempfile import mkdtemp

import pytest

from compiler.checks.run import add_warnings, run_error_checks
from compiler.finding_pages.finding_page import finding_codes, read_page
from compiler.incremental_loader import IncrementalLoader
from compiler.loaded_definitions import LoadedDefinitions
from compiler.source.findings import Finding
from tests.support.docs.finding_examples import run_example


def test_checks_that_only_warn_find_no_errors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    warnings: list[Finding] = []
    load = IncrementalLoader.load

    def load_and_check(loader: IncrementalLoader) -> LoadedDefinitions:
        index = load(loader).index
        errors = run_error_checks(index)
        warnings.extend(add_warnings(index, errors)[len(errors) :])
        return load(loader)

    monkeypatch.setattr(IncrementalLoader, "load", load_and_check)
    for example in (read_page(code).fails for code in finding_codes()):
        if example.script is None:  # a script loads in another process, where nobody listens
            run_example(example, Path(mkdtemp(dir=tmp_path)))
    assert {finding.severity for finding in warnings} == {"warning"}
    assert len({finding.code for finding in warnings}) > 15
