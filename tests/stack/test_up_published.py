"""`up` with a published version: it outlives restarts of the server and of everything. The folder does not count."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from tests.support.docs import readme
from tests.support.started_stack import Up, free_ports, processes_with

OFFER = "kind: commercial_product\nid: {id}\nsteps: {{check: {{milestone: true}}}}\n"
ORDER = "id: {id}\ncustomer: {{id: C-1}}\nlines: [{{id: '1', product: {product}}}]\n"


def test_a_published_version_outlives_every_restart_and_is_withdrawn(tmp_path: Path) -> None:
    folder = readme.copied(tmp_path)
    extra = folder / "definitions" / "extra.yaml"
    extra.write_text(OFFER.format(id="published_offer"))
    (folder / "published.yaml").write_text(ORDER.format(id="P-1", product="published_offer"))
    (folder / "watched.yaml").write_text(ORDER.format(id="W-1", product="watched_offer"))
    first = Up(folder, free_ports()).ready()
    try:
        published = first.starter("publish", "--reason", "the first one", "--no-scenarios")
        assert published.returncode == 0, published.stdout + published.stderr
        assert "Taken by 1 of 1 worker." in published.stdout
        first.until_said("Version 1 is published and in force")
        first.until_said("have no effect until they are published")
        (server,) = set(processes_with("start-dev")) & set(processes_with(str(first.ports.temporal)))
        os.kill(server, signal.SIGKILL)
        first.until_said("Temporal runs again")
        (worker,) = set(processes_with("worker")) & set(processes_with(first.address))
        os.kill(worker, signal.SIGKILL)
        first.until_said("The worker runs again")
    finally:
        first.close()
    extra.write_text("kind: nothing\n")
    second = Up(folder, first.ports).ready()
    try:
        second.until_said("Version 1 is published and in force")
        ran = second.starter("start", "published.yaml", "--wait")
        assert ran.returncode == 0, ran.stdout + ran.stderr
        assert "published as 1" in ran.stderr
        shown = second.starter("show", "P-1")
        assert ", published as 1\n" in shown.stdout
        listed = second.starter("list", "--catalogue-version", "1")
        assert "P-1" in listed.stdout
        extra.write_text(OFFER.format(id="watched_offer"))
        assert second.starter("start", "watched.yaml", "--wait").returncode == 1
        withdrawn = second.starter("unpublish", "--reason", "to go on trying")
        assert withdrawn.returncode == 0, withdrawn.stdout + withdrawn.stderr
        second.until_said("Nothing is published any more")
        assert second.starter("start", "watched.yaml", "--revision", "--wait").returncode == 0
    finally:
        second.close()
