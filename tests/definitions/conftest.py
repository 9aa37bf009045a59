"""The shipped catalogue and the shipped orders."""

from __future__ import annotations

import pytest

from compiler.catalogue.catalogue import Catalogue
from compiler.load_catalogue import load_catalogue
from tests.support.paths import ROOT

DEFINITIONS = ROOT / "definitions"


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return load_catalogue(DEFINITIONS)
