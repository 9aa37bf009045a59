"""Edits of files, as `--watch` sees them."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from cli.framework import file_watch


def test_edit_is_reported_once_when_it_is_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_watch, "SETTLE_TIME", 0.5)
    file = tmp_path / "offer.yaml"
    file.write_text("")
    edits = file_watch.watch_files([tmp_path], [".yaml"])
    assert next(edits) == []

    def write_slowly() -> None:
        for _ in range(30):
            with file.open("a") as open_file:
                open_file.write("x")
            time.sleep(0.01)

    writing = threading.Thread(target=write_slowly)
    writing.start()
    assert next(edits) == [file]
    assert file.read_text() == 30 * "x"
    writing.join()
