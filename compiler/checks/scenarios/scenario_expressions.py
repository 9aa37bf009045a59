"""Checks the `${…}` in what a scenario's world answers and sends."""

from __future__ import annotations

from collections.abc import Iterator

from compiler.catalogue.definitions import DefinitionEntry
from compiler.checks.expressions.expressions import check_site
from compiler.language.documents import ScenarioDocument
from compiler.language.scenario_answers import AnswerEntry
from compiler.language.scenario_timed_entries import CallbackEntry, EventEntry
from compiler.source.findings import Finding
from compiler.typecheck.expression_sites import EXAMPLE_SHAPE, HAPPENING_SHAPE, find_expressions
from compiler.typecheck.scopes import entry_scope, example_scope


def check_world(entry: DefinitionEntry[ScenarioDocument]) -> Iterator[Finding]:
    for position, one in enumerate(entry.model.world):
        path = ("world", position)
        if isinstance(one, AnswerEntry):
            written = entry.document.value((*path, "answer"))
            for site in find_expressions(written, EXAMPLE_SHAPE, (*path, "answer")):
                yield from check_site(entry, site, example_scope((), site.extra_names))
        elif isinstance(one, EventEntry | CallbackEntry):
            for site in find_expressions(entry.document.value(path), HAPPENING_SHAPE, path):
                yield from check_site(entry, site, entry_scope(has_step=one.when is not None))
