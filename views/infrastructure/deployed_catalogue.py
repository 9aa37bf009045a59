"""What a person should know about the catalogue that the workers have in force."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from views.shared.time_format import format_time
from views.shared.value_format import pluralize
from workflows.contract.catalogue_messages import RefusedEdit, WorkerCatalogue

SHORT_VERSION_LENGTH = 19


def short_version(version: str) -> str:
    """`sha256:ab58c949ee6b`"""
    return version[:SHORT_VERSION_LENGTH]


def catalogue_notes(
    workers: Sequence[WorkerCatalogue], folder: Path, version: str | None, in_force: str | None = None
) -> Iterator[str]:
    """Lines that say where the workers' catalogue differs from `folder`, and which edits they refused.

    `version`: of the catalogue in `folder`; None if it is invalid. `in_force`: the version that an order was just
    compiled with; None: as the workers report.
    """
    if not workers:
        return
    versions = [in_force] if in_force else list(dict.fromkeys(worker.version for worker in workers))
    if versions != [version]:
        named = " and ".join(map(short_version, versions))
        here = f"has version {short_version(version)}" if version else "is invalid"
        published = published_numbers(workers)
        kind = f", published as {' and '.join(map(str, published))}" if published else ""
        hint = " `publish` puts the folder in force." if published and version else ""
        yield f"The workers have catalogue version {named} in force{kind}; {folder} {here}.{hint}"
    yield from refusal_notes(workers)


def published_numbers(workers: Sequence[WorkerCatalogue]) -> list[int]:
    """Of the published versions that workers have in force."""
    return sorted({each.publications.number for each in workers if each.publications and each.publications.number})


def refusal_notes(workers: Sequence[WorkerCatalogue]) -> Iterator[str]:
    """Lines that say which edits and which published versions the workers refused, and why.

    Workers of the same folder refuse the same edit.
    """
    for worker in {worker.definitions: worker for worker in reversed(workers)}.values():
        if worker.refused is not None:
            refused_at = format_time(worker.refused.since)
            yield (
                f"The last edit of {worker.definitions} was refused at {refused_at}; catalogue version "
                f"{short_version(worker.version)} stays in force:"
            )
            yield from refused_findings(worker.refused)
    for worker in workers:
        refused = worker.publications.refused if worker.publications else None
        if refused is not None:
            yield (
                f"Worker {worker.worker} refuses the published version {refused.number}; catalogue version "
                f"{short_version(worker.version)} stays in force there:"
            )
            yield from problem_lines(refused.problems, refused.more)


def problem_lines(problems: Sequence[str], more: int) -> Iterator[str]:
    for problem in problems:
        yield f"  {problem}"
    if more:
        yield f"  and {pluralize(more, 'more finding')}"


def refused_findings(edit: RefusedEdit) -> Iterator[str]:
    return problem_lines(edit.findings, edit.more)
