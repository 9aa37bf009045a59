"""Runs a folder's scenarios before it is published."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cli.framework.errors import UsageError
from compiler.catalogue_files import CatalogueFiles

if TYPE_CHECKING:
    from workflows.contract.publication_messages import ScenarioRun


def run_scenarios(folder: Path, files: CatalogueFiles) -> ScenarioRun:
    """Runs all scenarios of the folder without a server."""
    from workflows.contract.publication_messages import ScenarioRun

    documents = files.read_documents(for_orders=False).documents
    if any(isinstance(each.data, dict) and each.data.get("kind") == "scenario" for each in documents):
        raise UsageError(f"The scenarios in {folder} cannot be run: leave them out with --no-scenarios")
    return ScenarioRun(passed=0)
