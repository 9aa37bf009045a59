"""How requests are generated: always the same ones, or with ORDO_FUZZ_EXAMPLES new ones."""

from __future__ import annotations

import zlib
from typing import Any

import schemathesis
from schemathesis.generation.meta import CoverageScenario
from schemathesis.openapi import from_dict
from schemathesis.schemas import BaseSchema

from tests.fuzz.profile import EXAMPLES
from tests.gateway.api_fuzz.known_values import BINDINGS, DICTIONARIES, AnyCase
from tests.support.gateway.process import BEARER
from tests.support.gateway.schema import published_schema

SHARE = 6
"""One of so many of the systematic requests is sent, unless ORDO_FUZZ_EXAMPLES is set."""


def api_schema(examples: int, outages: tuple[str, ...] = ()) -> BaseSchema:
    """The gateway's OpenAPI for `parametrize`.

    `examples`: random requests of each operation. `outages`: statuses of server errors that are right. Then only a
    longer run sends systematic requests, and such as change something: test_outages.py sends one of each.
    """
    bound = {name: {"dictionary": each, "probability": 0.8} for name, each in BINDINGS.items()}
    config: dict[str, Any] = {
        "headers": BEARER,
        "request-timeout": 70,
        "dictionaries": {name: {"values": values} for name, values in DICTIONARIES.items()},
        "parameters": bound,
        "generation": {"deterministic": not EXAMPLES, "no-shrink": not EXAMPLES, "database": "none"},
        "phases": {
            "fuzzing": {"generation": {"max-examples": EXAMPLES or examples}},
            "coverage": {"enabled": bool(EXAMPLES) or not outages, "generate-duplicate-query-parameters": True},
        },
        "checks": {
            "positive_data_acceptance": {"enabled": False},
            "not_a_server_error": {"expected-statuses": ["2xx", "4xx", *outages]},
        },
        "suppress-health-check": ["all"],
    }
    if not EXAMPLES:
        config["seed"] = 1
    schema = from_dict(published_schema(), config=schemathesis.Config.from_dict(config))
    return schema.include(method="GET") if outages and not EXAMPLES else schema


def is_left_out(case: AnyCase) -> bool:
    """Whether a systematic request waits for a longer run. Similar operations leave out different ones."""
    data = case.meta.phase.data if case.meta else None
    scenario = getattr(data, "scenario", None)
    if EXAMPLES or data is None or scenario in (None, CoverageScenario.UNSPECIFIED_HTTP_METHOD):
        return False
    kind = f"{case.operation.label} {scenario} {data.parameter} {data.location} {data.description}"
    return zlib.crc32(kind.encode()) % SHARE != 0
