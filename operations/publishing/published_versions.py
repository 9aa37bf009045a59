"""Reads published versions of the catalogue, and which orders run on them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass

from temporalio.client import Client

from catalogue_store.open_orders import count_open_orders
from catalogue_store.publications import PublicationStore
from compiler.catalogue_files import CatalogueFiles
from compiler.packed_catalogue import UnreadablePack
from operations.errors import SERVER_ERROR, NotFound, OperationError, OperationRefused, server_call
from operations.temporal.connection import server_address
from workflows.contract.order_messages import Alternative, RefusalCode
from workflows.contract.publication_messages import Publication

IN_FORCE = "current"
"""Names the version in force."""
MIN_DIGEST_LENGTH = 6
"""Characters of a SHA-256 that may name a version."""
WHOLE_VERSION = re.compile("sha256:[0-9a-f]{64}")
VERSIONS = Alternative(action="versions", effect="lists the published versions")


@dataclass(frozen=True)
class PublishedVersion:
    publication: Publication
    is_in_force: bool
    open_orders: int
    """Orders that run on the same catalogue version. Publications with the same one share them."""


async def list_versions(client: Client, task_queue: str) -> list[PublishedVersion]:
    """The publications that are kept, the newest first."""
    store = PublicationStore(client, task_queue)
    async with server_call("Published versions", server_address(client)):
        publications = await store.list_kept()
        latest = await store.read_latest()
        if latest is not None and latest not in publications:
            publications.insert(0, latest)
        versions = sorted({each.version for each in publications if each.version})
        counts = await asyncio.gather(*(count_open_orders(client, version) for version in versions))
    orders = dict(zip(versions, counts, strict=True))
    return [
        PublishedVersion(each, each == latest and each.content is not None, orders.get(each.version, 0))
        for each in publications
    ]


async def read_last_number(client: Client, task_queue: str) -> int:
    """Of the last publication; 0 if there never was one."""
    async with server_call("Published versions", server_address(client)):
        latest = await PublicationStore(client, task_queue).read_latest()
    return latest.number if latest is not None else 0


async def read_numbers(client: Client, task_queue: str, version: str) -> list[int]:
    """The numbers under which this catalogue version is published, the newest first."""
    async with server_call("Published versions", server_address(client)):
        kept = await PublicationStore(client, task_queue).list_kept()
    return [each.number for each in kept if each.version == version]


async def find_version(client: Client, task_queue: str, reference: str) -> Publication:
    """`reference`: a number, the beginning of a SHA-256 of the catalogue version or of the files, or IN_FORCE.

    The newest one if several have that SHA-256. Raises NotFound and OperationRefused.
    """
    store = PublicationStore(client, task_queue)
    async with server_call("Published versions", server_address(client)):
        if reference == IN_FORCE:
            latest = await store.read_latest()
            if latest is None or latest.content is None:
                raise NotFound(f"Nothing is published for the workers of {task_queue}", VERSIONS)
            return latest
        if reference.isascii() and reference.isdecimal() and len(reference) < MIN_DIGEST_LENGTH:
            found = await store.read(int(reference))
            if found is None:
                raise NotFound(f"There is no published version {reference}", VERSIONS)
            return found
        return _find_by_digest(await store.list_kept(), reference)


async def find_catalogue_version(client: Client, task_queue: str, reference: str) -> str:
    """A catalogue version, `sha256:…`, which need not be a published one if it is given in full.

    `reference`: else as for `find_version`. Raises NotFound and OperationRefused.
    """
    if WHOLE_VERSION.fullmatch(reference):
        return reference
    publication = await find_version(client, task_queue, reference)
    if not publication.version:
        raise OperationRefused(
            RefusalCode.INVALID, f"With version {publication.number}, nothing is published", alternatives=[VERSIONS]
        )
    return publication.version


def _find_by_digest(publications: Sequence[Publication], reference: str) -> Publication:
    wanted = reference.removeprefix("sha256:").lower()
    if len(wanted) < MIN_DIGEST_LENGTH or set(wanted) - set("0123456789abcdef"):
        raise OperationRefused(
            RefusalCode.INVALID,
            f"{reference!r} names no version: give its number, at least {MIN_DIGEST_LENGTH} characters of its SHA-256, "
            f'or "{IN_FORCE}"',
            alternatives=[VERSIONS],
        )
    for each in publications:
        if each.version.removeprefix("sha256:").startswith(wanted) or each.digest.startswith(wanted):
            return each
    raise NotFound(f"There is no published version {reference}", VERSIONS)


async def read_version(client: Client, task_queue: str, reference: str) -> tuple[PublishedVersion, CatalogueFiles]:
    """A version with its files. `reference` is as for `find_version`; raises the same, and NotFound without files."""
    publication = await find_version(client, task_queue, reference)
    files = await read_published_files(client, task_queue, publication)
    async with server_call(f"Version {publication.number}", server_address(client)):
        open_orders = await count_open_orders(client, publication.version)
        latest = await PublicationStore(client, task_queue).read_latest()
    return PublishedVersion(publication, publication == latest, open_orders), files


async def read_published_files(client: Client, task_queue: str, publication: Publication) -> CatalogueFiles:
    """Raises NotFound if they are not kept any more, and OperationError if they cannot be read."""
    return (await read_packed_files(client, task_queue, publication))[1]


async def read_packed_files(client: Client, task_queue: str, publication: Publication) -> tuple[bytes, CatalogueFiles]:
    """The files as they are stored, and unpacked. Raises the same as `read_published_files`."""
    async with server_call(f"Version {publication.number}", server_address(client)):
        packed = await PublicationStore(client, task_queue).read_packed_files(publication)
    if packed is None:
        reason = "its files are not kept any more" if publication.content else "with it, nothing is published"
        raise NotFound(f"Version {publication.number} has no files: {reason}", VERSIONS)
    try:
        files = CatalogueFiles.unpack(packed)
    except UnreadablePack as unreadable:
        raise OperationError(SERVER_ERROR, f"Version {publication.number} cannot be read: {unreadable}") from unreadable
    if files.digest != publication.digest:
        raise OperationError(SERVER_ERROR, f"Version {publication.number} is damaged: its files have another SHA-256")
    return packed, files
