"""Warns of calls that no example of a pretended system answers, and of examples that no call asks for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from compiler.catalogue.definition_index import DefinitionIndex
from compiler.catalogue.definitions import DefinitionEntry
from compiler.checks.references.references import find_calls
from compiler.language.documents import SystemDocument
from compiler.language.example_answers import ExampleAnswer
from compiler.language.http_words import HttpMethod
from compiler.language.path_patterns import may_match
from compiler.source.document import KeyPath
from compiler.source.findings import Finding


class _Request(NamedTuple):
    method: HttpMethod
    path: str
    step: str


def check(index: DefinitionIndex) -> Iterator[Finding]:
    requests = _requests_by_system(index)
    for name, system in index.definitions.systems.items():
        if system.model.example and name in requests:
            yield from _check_system(system, requests[name])


def _requests_by_system(index: DefinitionIndex) -> dict[str, list[_Request]]:
    found: dict[str, list[_Request]] = {}
    for group in index.step_groups.values():
        for step, definition in group.steps.items():
            name = f"{group.id}.{step}"
            for _, call in find_calls(definition):
                requests = found.setdefault(call.system, [])
                requests.append(_Request(call.method, call.path, name))
                if call.poll is not None:
                    requests.append(_Request("get", call.poll.get, name))
    return found


def _check_system(system: DefinitionEntry[SystemDocument], requests: list[_Request]) -> Iterator[Finding]:
    answers = system.model.example
    for request in {(each.method, each.path): each for each in reversed(requests)}.values():
        if not any(may_answer(answer, request.method, request.path) for answer in answers):
            what = f"{request.method.upper()} {request.path}"
            message = f"no example answers {what}, which step `{request.step}` calls"
            yield system.finding("example-missing", ("example",), message, key=True, severity="warning")
    written = system.document.data["example"]
    for position, answer in enumerate(answers):
        if answer.pattern != "*" and not any(may_answer(answer, request.method, request.path) for request in requests):
            path: KeyPath = ("example", position) if isinstance(written, list) else ("example",)
            message = f"no step calls {answer.label}: this example is never used"
            yield system.finding("example-unused", path, message, severity="warning")


def may_answer(answer: ExampleAnswer, method: HttpMethod, path: str) -> bool:
    """Whether the answer's method and path fit a call. Its `when` does not count. `path` may have `${…}`."""
    rooted = path if path.startswith(("/", "$")) else f"/{path}"
    return answer.method in (None, method) and may_match(answer.pattern, rooted)
