"""What the command line writes of a ledger's orders: exports, reports and archive files, as (name, content)."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet

from ledger.export.export_kinds import ExportFormat, ExportTable
from tests.support.command_line import NOBODY, call

Content = tuple[str, bytes]
REPORTS = ("shift", "durations", "sla", "fallout")
OUTPUTS = ("text", "json", "csv")
ARCHIVE_FORMATS = (ExportFormat.JSONL, ExportFormat.PARQUET)


def exports(folder: Path, order_id: str) -> Iterator[Content]:
    """All formats and tables, and the order as a file to amend."""
    folder.mkdir()
    kinds = [(format_, table) for format_ in (ExportFormat.CSV, ExportFormat.PARQUET) for table in ExportTable]
    for format_, options in [(ExportFormat.JSONL, []), *((kind, ["--table", table]) for kind, table in kinds)]:
        file = folder / f"{'-'.join(options[1:]) or 'orders'}.{format_}"
        yield f"export to {file.name}", _call("export", "--format", format_, *options, "--to", file)
        yield file.name, readable(file)
    for output in ("text", "json"):
        yield f"export of one order as {output}", _call("export", order_id, "-o", output)


def reports() -> Iterator[Content]:
    for report in REPORTS:
        for output in OUTPUTS:
            yield f"report {report} as {output}", _call("report", report, "-o", output)


def archives(folder: Path, order_id: str) -> Iterator[Content]:
    """The order is archived in each format, told and exported from there, and restored in between."""
    for format_ in ARCHIVE_FORMATS:
        if format_ is not ARCHIVE_FORMATS[0]:
            yield "restored", _call("ledger", "restore", order_id)
        place = folder / format_
        options = ("--older-than", "0s", "--to", place, "--format", format_)
        yield f"archived as {format_}", _call("ledger", "archive", *options)
        for file in sorted(path for path in place.rglob("*") if path.is_file()):
            yield f"archive of {format_}: {file.name}", readable(file)
        for told in (("show", order_id, "--ledger"), ("history", order_id, "--ledger"), ("export", order_id)):
            yield f"{told[0]} from the archive of {format_}", _call(*told)


def readable(file: Path) -> bytes:
    """The file as it is, and what is compressed in it."""
    data = file.read_bytes()
    if file.suffix == ".gz":
        return data + gzip.decompress(data)
    if file.suffix == ".parquet":
        return data + "\n".join(str(row) for row in pyarrow.parquet.read_table(file).to_pylist()).encode()
    return data


def _call(*arguments: object) -> bytes:
    called = call(*arguments, "--address", NOBODY)
    assert called.status == 0, (arguments, called)
    return (called.out + called.err).encode()
