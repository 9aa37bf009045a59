"""`versions`: the published versions of the catalogue, who published them, and which orders run on them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.commands.publishing.environments import ENVIRONMENT_HELP, within_environment
from cli.commands.publishing.publish import PANEL
from cli.framework.command import register_command
from cli.framework.errors import UsageError
from cli.framework.options import value_option
from cli.framework.server_call import call_server
from cli.framework.session import Session

if TYPE_CHECKING:
    from operations.client import OrderClient
    from operations.publishing.published_versions import PublishedVersion
    from workflows.contract.catalogue_messages import WorkerCatalogue


def register(app: typer.Typer) -> None:
    register_command(app, "versions", PANEL)(versions)


def versions(
    session: Session,
    version: Annotated[
        str | None,
        typer.Argument(
            metavar="VERSION",
            help="Show this one: its number, the beginning of its SHA-256, or current.",
            show_default=False,
        ),
    ] = None,
    save: Annotated[Path | None, value_option("DIR", "Write the version's files to this new folder.")] = None,
    environment: Annotated[str | None, value_option("NAME", ENVIRONMENT_HELP)] = None,
) -> None:
    """List the published versions, and what every worker has in force."""
    session = within_environment(session, environment)
    if version is None:
        if save is not None:
            raise UsageError("Say which version to save: `versions current --save DIR`")
        _list_versions(session)
    else:
        _show_version(session, version, save)


def _list_versions(session: Session) -> None:
    from operations.publishing.version_responses import version_list_response
    from views.infrastructure.publishing import version_list

    async def read(server: OrderClient) -> tuple[Sequence[PublishedVersion], Sequence[WorkerCatalogue]]:
        return await server.list_versions(), await server.read_worker_catalogues()

    found, workers = call_server(session, read)
    if session.is_json:
        session.print_json(version_list_response(found, workers))
    else:
        session.print(*version_list(found, workers))
        if len(found) > 1:
            session.print_note("`publish --version N --reason TEXT` puts an earlier version in force again.")


def _show_version(session: Session, reference: str, folder: Path | None) -> None:
    from operations.publishing.version_responses import version_response
    from views.infrastructure.publishing import version_page

    if folder is not None and folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} exists already, and is not an empty folder: name a new one")
    found, files = call_server(session, lambda server: server.read_version(reference))
    if folder is not None:
        files.write(folder)
        session.print_note(f"The files of version {found.publication.number} are in {folder}.")
    if session.is_json:
        session.print_json(version_response(found))
    elif folder is None:
        session.print(*version_page(found, [name for name, _ in files.files]))
