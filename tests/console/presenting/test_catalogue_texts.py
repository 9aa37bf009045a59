"""Texts of the catalogue's pages: places, findings, code."""

from __future__ import annotations

from compiler.source.findings import SourceLocation
from console.presenting.catalogue.places import FindingText, PlaceNames, finding_text
from console.presenting.code_text import code_text

PLACES = PlaceNames(["/srv/ordo/definitions", "/srv/ordo"])


def test_places_are_named_below_the_folders_of_the_workers() -> None:
    assert PLACES.place(SourceLocation("/srv/ordo/definitions/offers/a.yaml", 12, 3)) == "offers/a.yaml:12"
    assert PLACES.place(SourceLocation("/srv/ordo/other.yaml", 1, 1)) == "other.yaml:1"
    assert PLACES.place(SourceLocation("offers/a.yaml", 7)) == "offers/a.yaml:7"
    assert PLACES.place(SourceLocation("offers/a.yaml")) == ""
    assert PLACES.place(None) == ""


def test_findings_of_workers_are_taken_apart() -> None:
    told = "/srv/ordo/definitions/a.yaml:3:7: `camera` is not defined; did you mean `cameras`? [name-unknown]"
    assert finding_text(told, PLACES) == FindingText(
        "a.yaml:3:7", "`camera` is not defined; did you mean `cameras`?", "name-unknown"
    )
    cut = finding_text("/srv/ordo/definitions/a.yaml:3:7: a very long mess", PLACES)
    assert (cut.place, cut.message, cut.code) == ("a.yaml:3:7", "a very long mess", "")
    other = "system billing: the environment variable BILLING_URL is not set"
    assert finding_text(other, PLACES) == FindingText("", other, "")


def test_code_is_marked_and_everything_is_escaped() -> None:
    assert code_text("if `a < 1`, <b>") == "if <code>a &lt; 1</code>, &lt;b&gt;"
    assert code_text("one ` and <i>") == "one ` and &lt;i&gt;"
