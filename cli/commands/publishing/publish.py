"""`publish` and `unpublish`: put a version of the catalogue in force for all workers, or withdraw what is published."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.commands.publishing.environments import ENVIRONMENT_HELP, within_environment
from cli.commands.publishing.scenario_gate import ScenarioGate
from cli.framework.actor import make_actor
from cli.framework.command import register_command
from cli.framework.errors import EXIT_REFUSED, EXIT_TIMED_OUT, UsageError
from cli.framework.options import ByOption, value_option
from cli.framework.session import Session
from cli.user_input.git_revision import git_revision
from compiler.source.findings import CatalogueInvalid
from views.shared.value_format import pluralize

if TYPE_CHECKING:
    from operations.publishing.publish_version import PublishCommand, PublishResult, VersionToPublish

PANEL = "Publishing"

MAX_REASON_LENGTH = 2_000
ReasonOption = Annotated[
    str,
    typer.Option("--reason", "--message", "-m", metavar="TEXT", help="Why; everybody sees it.", show_default=False),
]
TimeoutOption = Annotated[float, typer.Option("--timeout", metavar="SECONDS", help="How long to wait for workers.")]


def register(app: typer.Typer) -> None:
    register_command(app, "publish", PANEL)(publish)
    register_command(app, "unpublish", PANEL)(unpublish)


def publish(
    session: Session,
    reason: ReasonOption,
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="DIR", help="The folder to publish. Default: --definitions.", show_default=False),
    ] = None,
    version: Annotated[
        str | None, value_option("N", "Publish an earlier version again: its number or the beginning of its SHA-256.")
    ] = None,
    from_: Annotated[
        str | None, typer.Option("--from", metavar="NAME", help="Publish what is published in this environment.")
    ] = None,
    environment: Annotated[list[str] | None, value_option("NAME", f"{ENVIRONMENT_HELP} May be given again.")] = None,
    no_scenarios: Annotated[bool, typer.Option("--no-scenarios", help="Do not run the scenarios.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Publish although scenarios fail or workers refuse it; this is recorded.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check everything, ask the workers, change nothing.")
    ] = False,
    timeout: TimeoutOption = 30.0,
    by: ByOption = None,
) -> int:
    """Put a version of the catalogue in force for all workers.

    The folder is validated, its scenarios are run, and every worker is asked whether it can use the catalogue. Then all
    workers take it together. From then on they do not read their own folders any more.
    """
    from operations.publishing.publish_version import PublishCommand

    if folder is not None and (version is not None or from_ is not None):
        raise UsageError("Give a folder to publish, or --version or --from, not both")
    if version is not None and from_ is None and len(environment or ()) > 1:
        raise UsageError("A number counts in one environment: give one --environment, or --from with the number there")
    targets = [within_environment(session, name) for name in environment] if environment else [session]
    actor = make_actor(by, _required(reason))
    numbers = [asyncio.run(_last_number(target)) for target in targets]
    gate = ScenarioGate(no_scenarios, force)
    if version is None and from_ is None:
        to_publish = _read_folder(session, folder or session.definitions_dir, gate)
    else:
        source = within_environment(session, from_) if from_ is not None else targets[0]
        to_publish = _read_published(source, version or "current", from_, gate)
    command = PublishCommand(to_publish, actor, None, dry_run, force, timeout)
    return _publish_everywhere(targets, numbers, command)


def _publish_everywhere(targets: Sequence[Session], numbers: Sequence[int], command: PublishCommand) -> int:
    """In one environment after the other; the first that refuses ends it. `numbers`: their last publications."""
    status = 0
    for target, number in zip(targets, numbers, strict=True):
        published = _publish(target, replace(command, expected=number), is_one_of_several=len(targets) > 1)
        status = published or status
        if published == EXIT_REFUSED:
            break
    return status


def unpublish(
    session: Session,
    reason: ReasonOption,
    environment: Annotated[str | None, value_option("NAME", ENVIRONMENT_HELP)] = None,
    timeout: TimeoutOption = 30.0,
    by: ByOption = None,
) -> int:
    """Withdraw what is published: every worker reads its own folder again."""
    from operations.publishing.publish_version import PublishCommand

    target = within_environment(session, environment)
    return _publish(target, PublishCommand(None, make_actor(by, _required(reason)), timeout=timeout))


def _read_folder(session: Session, folder: Path, gate: ScenarioGate) -> VersionToPublish:
    """Raises CatalogueInvalid, OperationRefused and UsageError."""
    from compiler.catalogue_files import CatalogueFiles
    from compiler.load_catalogue import check_definitions, load_published
    from operations.publishing.publish_version import VersionToPublish

    findings = check_definitions([folder])
    if any(finding.severity == "error" for finding in findings) and not gate.skipped:
        raise CatalogueInvalid(findings)
    if warnings := sum(finding.severity == "warning" for finding in findings):
        session.print_note(f"{folder}: {pluralize(warnings, 'warning')}; `validate` lists them.")
    files = CatalogueFiles.read(folder)
    if not files.files:
        raise UsageError(f"{folder} holds no definitions: there is nothing to publish")
    catalogue, _ = load_published(files)
    scenarios = gate.run(session, folder)
    if CatalogueFiles.read(folder) != files:
        raise UsageError(f"{folder} has changed while it was checked: publish it again")
    return VersionToPublish(catalogue.version, files.digest, files.pack(), scenarios, git_revision(folder))


def _required(reason: str) -> str:
    if not reason.strip():
        raise UsageError("Say why with --reason: everybody who looks at the version sees it")
    if len(reason) > MAX_REASON_LENGTH:
        raise UsageError(f"--reason has {len(reason):,} characters; at most {MAX_REASON_LENGTH:,} are kept")
    return reason


async def _last_number(session: Session) -> int:
    return await (await session.connect()).read_last_publication_number()


def _read_published(session: Session, reference: str, environment: str | None, gate: ScenarioGate) -> VersionToPublish:
    """`environment`: None for a version of the environment that it is published in again."""

    async def read() -> VersionToPublish:
        return await (await session.connect()).read_version_to_publish(reference, environment)

    version = asyncio.run(read())
    if environment is not None:
        gate.check_record(version.scenarios)
    return version


def _publish(session: Session, command: PublishCommand, *, is_one_of_several: bool = False) -> int:
    from operations.publishing.version_responses import publish_response
    from views.infrastructure.publishing import publish_lines

    async def run() -> PublishResult:
        return await (await session.connect()).publish(command)

    result = asyncio.run(run())
    if session.is_json:
        write = session.print_json_line if is_one_of_several else session.print_json
        write(publish_response(result, session.environment))
    else:
        session.print(*publish_lines(result, session.environment))
    return _exit_status(result)


def _exit_status(result: PublishResult) -> int:
    from operations.publishing.publish_version import Outcome

    if result.outcome is Outcome.REFUSED:
        return EXIT_REFUSED
    if result.outcome is Outcome.PUBLISHED and result.publication is not None:
        forced = set(result.publication.forced)
        if any(each.refuses and each.worker not in forced for each in result.workers):
            return EXIT_REFUSED
        if any(each.problems is None and not each.was_silent for each in result.workers):
            return EXIT_TIMED_OUT
    return 0
