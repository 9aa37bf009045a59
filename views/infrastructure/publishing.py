"""Published versions of the catalogue: what a publication did, and the list of versions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.console import RenderableType
from rich.text import Text

from operations.publishing.publish_version import Outcome, PublishResult
from views.infrastructure.deployed_catalogue import refused_findings, short_version
from views.shared.table import Cell, KeyValueList, PlainTable
from views.shared.time_format import format_short_time, format_time
from views.shared.value_format import pluralize

if TYPE_CHECKING:
    from operations.publishing.published_versions import PublishedVersion
    from operations.publishing.worker_answers import WorkerAnswer
    from workflows.contract.catalogue_messages import WorkerCatalogue
    from workflows.contract.publication_messages import Publication

SHORT_DIGEST_LENGTH = 12


def publish_lines(result: PublishResult, environment: str | None) -> Iterator[str]:
    yield publish_headline(result, f" in {environment}" if environment else "")
    scenarios = result.publication.scenarios if result.publication is not None else None
    if scenarios is not None and (scenarios.passed or scenarios.failed):
        yield f"  Scenarios: {scenario_text(scenarios.passed, scenarios.failed)}."
    if summary := worker_summary(result):
        yield f"  {summary}"
    for each in result.workers:
        yield from _problem_lines(each)


def worker_summary(result: PublishResult) -> str:
    """`Taken by 2 of 2 workers.`; empty if nobody was asked to change."""
    workers = result.workers
    ready = f"{sum(each.is_ready for each in workers)} of {pluralize(len(workers), 'worker')}"
    if result.outcome is Outcome.DRY_RUN:
        return f"Usable by {ready}." if workers else "No worker runs."
    if result.outcome is not Outcome.PUBLISHED:
        return ""
    is_withdrawn = result.publication is not None and result.publication.content is None
    if not workers:
        return "No worker runs. One that starts " + ("reads its own folder." if is_withdrawn else "takes it.")
    return f"{'Own folders are read again by' if is_withdrawn else 'Taken by'} {ready}."


def publish_headline(result: PublishResult, where: str = "") -> str:
    """`where`: ` in test`."""
    publication, before = result.publication, result.before
    if publication is None or (publication.content is None and result.outcome is Outcome.ALREADY):
        return f"Nothing is published{where}: workers read their own folders."
    name = f"Version {publication.number} ({short_version(publication.version)})"
    replaced = f", instead of version {before.number}" if before is not None and before.content else ""
    match result.outcome:
        case Outcome.ALREADY:
            return f"{name} is in force{where} already, with the same files. Nothing was published."
        case Outcome.REFUSED:
            return f"{name} is not published{where}: nothing has changed."
        case Outcome.DRY_RUN:
            return f"{name} would be in force{where}{replaced}. Nothing was published."
        case Outcome.PUBLISHED if publication.content is None:
            withdrawn = f"Version {before.number}" if before is not None else "What was published"
            return f"{withdrawn} is withdrawn{where}: nothing is published any more."
        case Outcome.PUBLISHED:
            return f"{name} is in force{where}{replaced}."


def _problem_lines(answer: WorkerAnswer) -> Iterator[str]:
    who = f"worker {answer.worker}, folder {answer.definitions}"
    if answer.problems is None:
        yield f"  No answer from {who}. If it still runs, it takes the change within seconds."
    elif answer.problems:
        yield f"  Refused by {who}:"
        for problem in answer.problems:
            yield f"    {problem}"
        if answer.more:
            yield f"    and {pluralize(answer.more, 'more problem')}"


def version_list(versions: Sequence[PublishedVersion], workers: Sequence[WorkerCatalogue]) -> Iterator[RenderableType]:
    """The versions, and the workers that have something else in force."""
    in_force = next((each.publication for each in versions if each.is_in_force), None)
    if versions:
        yield _version_table(versions)
        yield ""
    if in_force is None:
        yield "Nothing is published: workers read their own folders." if versions else "Nothing has been published yet."
    taken = 0
    for worker in workers:
        report = worker.publications
        if in_force is not None and report is not None and report.number == in_force.number:
            taken += 1
            continue
        yield from _other_catalogue(worker, in_force)
    if in_force is not None:
        yield f"Version {in_force.number} is in force on {taken} of {pluralize(len(workers), 'worker')}."


def _other_catalogue(worker: WorkerCatalogue, in_force: Publication | None) -> Iterator[str]:
    report = worker.publications
    kind = f"version {report.number}, which was published" if report and report.number else "what it reads there"
    yield f"{worker.worker}, folder {worker.definitions}: {short_version(worker.version)} is in force, {kind}."
    if in_force is not None and report is None:
        yield "  It runs an earlier release, which takes no published versions."
    if report is not None and report.refused is not None:
        yield f"  It refuses version {report.refused.number}:"
        for problem in report.refused.problems:
            yield f"    {problem}"
    if worker.refused is not None:
        yield "  Its last edit is refused:"
        for line in refused_findings(worker.refused):
            yield f"  {line}"


def _version_table(versions: Sequence[PublishedVersion]) -> PlainTable:
    rows: list[Sequence[Cell]] = [
        [
            str(each.publication.number),
            Text("in force", style="green") if each.is_in_force else "",
            each.publication.version.removeprefix("sha256:")[:SHORT_DIGEST_LENGTH] or "withdrawn",
            each.publication.digest[:SHORT_DIGEST_LENGTH],
            format_short_time(each.publication.at),
            each.publication.by,
            orders,
            _remarks(each.publication),
        ]
        for each, orders in zip(versions, _open_orders(versions), strict=True)
    ]
    return PlainTable(["No.", "", "Catalogue", "Files", "Published", "By", "Orders", "Why"], rows, right_aligned=(0, 6))


def _open_orders(versions: Sequence[PublishedVersion]) -> Iterator[str]:
    """Orders know their catalogue and not a number: those of one catalogue are told once, at its newest version."""
    told_at: dict[str, int] = {}
    for each in versions:
        publication = each.publication
        newest = told_at.setdefault(publication.version, publication.number)
        if publication.content is None:
            yield ""
        elif each.open_orders and newest != publication.number:
            yield f"see {newest}"
        else:
            yield str(each.open_orders)


def _remarks(publication: Publication) -> str:
    return "; ".join(filter(None, [publication.reason, *origins(publication)]))


def origins(publication: Publication) -> Iterator[str]:
    """Where a version comes from, and what was not as usual when it was published."""
    if publication.restores is not None:
        yield f"version {publication.restores} again"
    if publication.promoted_from is not None:
        yield f"from {publication.promoted_from}"
    if publication.content is not None and publication.scenarios is None:
        yield "scenarios not run"
    if publication.scenarios is not None and publication.scenarios.failed:
        yield f"{pluralize(len(publication.scenarios.failed), 'scenario')} failed"
    if publication.forced:
        yield f"forced: {pluralize(len(publication.forced), 'worker')} had not agreed"


def version_page(version: PublishedVersion, files: Sequence[str]) -> Iterator[RenderableType]:
    publication = version.publication
    scenarios = publication.scenarios
    yield KeyValueList(
        [
            ("version", str(publication.number) + (", in force" if version.is_in_force else "")),
            ("catalogue", publication.version),
            ("files", f"{pluralize(len(files), 'file')}, sha256:{publication.digest}"),
            ("published", f"{format_time(publication.at)}, by {publication.by}"),
            ("why", publication.reason),
            ("git commit", publication.revision or ""),
            ("scenarios", scenario_text(scenarios.passed, scenarios.failed) if scenarios is not None else "not run"),
            ("restores", f"version {publication.restores}" if publication.restores is not None else ""),
            ("promoted from", publication.promoted_from or ""),
            ("forced against", ", ".join(publication.forced)),
            ("open orders", str(version.open_orders)),
        ]
    )


def scenario_text(passed: int, failed: Sequence[str]) -> str:
    if not passed and not failed:
        return "there are none"
    text = f"{passed} passed"
    return text + (f", {len(failed)} failed ({', '.join(failed)})" if failed else "")
