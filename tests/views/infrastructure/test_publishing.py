"""The list of published versions."""

from __future__ import annotations

from datetime import UTC, datetime

from rich.console import Console

from operations.publishing.published_versions import PublishedVersion
from views.infrastructure.publishing import version_list
from workflows.contract.catalogue_messages import StoredContent
from workflows.contract.publication_messages import Publication, ScenarioRun

OLD, NEW = f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"


def version(number: int, catalogue: str, open_orders: int, *, has_content: bool = True) -> PublishedVersion:
    publication = Publication(
        number=number,
        version=catalogue,
        content=StoredContent(version=catalogue, digest="d", pieces=1) if has_content else None,
        by="ann",
        reason="dearer",
        at=datetime(2026, 12, 1, 8, tzinfo=UTC),
        scenarios=ScenarioRun(passed=1),
    )
    return PublishedVersion(publication, number == 5, open_orders)


def test_orders_of_one_catalogue_are_counted_at_its_newest_version() -> None:
    versions = [
        version(5, OLD, 3),
        version(4, NEW, 0),
        version(3, "", 0, has_content=False),
        version(2, NEW, 0),
        version(1, OLD, 3),
    ]
    console = Console(width=200, no_color=True)
    with console.capture() as capture:
        for part in version_list(versions, []):
            console.print(part)
    rows = [line.split() for line in capture.get().splitlines()[1:6]]
    between = [" ".join(row[row.index("ann") + 1 : row.index("dearer")]) for row in rows]
    assert between == ["3", "0", "", "0", "see 5"]
