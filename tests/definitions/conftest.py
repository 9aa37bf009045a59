"""The shipped catalogue and the shipped orders."""

from __future__ import annotations

from pathlib import Path

import pytest

from compiler.catalogue.catalogue import Catalogue
from compiler.load_catalogue import load_catalogue

ROOT = Path(__file__).parents[2]
DEFINITIONS = ROOT / "definitions"


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return load_catalogue(DEFINITIONS)
