"""How a new offer is told to people: everything that it is, in one entry."""

from __future__ import annotations

from rich.console import Console

from tests.support.compiler.catalogue_diffs import diff_texts
from views.diff.markdown import diff_markdown
from views.diff.report import render_diff
from views.diff.to_json import diff_to_json

KNOWN = "kind: technical_product\nid: known\nsteps: {go: {milestone: true}}\n"
NEW = """---
kind: commercial_product
id: poster
name: Poster
code: P-1
attributes:
  copies: {type: integer, required: true, minimum: 1, maximum: 9}
  size: {type: string, default: A4, enum: [A4, A5], description: of a sheet}
let: {price: double(attributes.copies) * 2.5}
decomposes_to:
  - {product: sheet, quantity: attributes.copies}
  - {product: known, when: attributes.size == 'A4'}
dependencies: {known.go: sheet.print}
---
kind: technical_product
id: sheet
name: Printed sheet
steps:
  hand_over:
    after: [check, known.go]
    manual: {queue: desk}
    sla: {duration: 2d}
    point_of_no_return: true
  print:
    name: Print it
    call: {system: press, post: /jobs, callback: {within: 4h}}
    expected: 1h
    undo: {call: {system: press, delete: /jobs}}
  dry: {wait: {for: 3h}, after: print}
  check: {event: {name: dried, within: 1d}, after: dry, when: quantity > 1}
---
kind: system
id: press
name: Printing press
base_url: http://press.example
"""
TOLD = """\
old → new: 1 change in 1 definition: 1 new

Poster  offer poster
  new        the offer is new  catalogue.yaml:6:5
    Code: `P-1`
    Attributes
      `copies`: integer, required, minimum `1`, maximum `9`
      `size` (of a sheet): string, default `A4`, one of `A4`, `A5`
    Prices and other values: `price`: `double(attributes.copies) * 2.5`
    Becomes
      `sheet`, quantity `attributes.copies`
      `known` if `attributes.size == 'A4'`
    Order of work: `known.go` waits for `sheet.print`
    Printed sheet (technical product `sheet`)
      Steps
        1. Print it: POST `/jobs` of `press`, which calls back, at most `4h`; usually `1h`; can be undone
        2. `dry`: waits for `3h`; after 1
        3. `check`: waits for the event `dried`, at most `1d`; after 2; if `quantity > 1`
        4. `hand_over`: a task in `desk`; after 3, `known.go`; late after `2d`; point of no return
    Printing press (system `press`)
      Address: `http://press.example`
"""


def rendered(old: str, new: str, width: int = 200) -> str:
    console = Console(width=width, no_color=True)
    with console.capture() as capture:
        for part in render_diff(diff_texts(old, new), "old", "new"):
            console.print(part)
    return "".join(f"{line.rstrip()}\n" for line in capture.get().splitlines())


def test_new_offer_is_one_entry_with_all_that_it_is() -> None:
    told = rendered(KNOWN, KNOWN + NEW)
    place = next(line for line in told.splitlines() if "the offer is new" in line)
    assert told.replace(place, "  new        the offer is new  catalogue.yaml:6:5") == TOLD
    assert place.endswith("catalogue.yaml:6:5")


def test_narrow_terminal_wraps_details_below_their_beginning() -> None:
    told = rendered(KNOWN, KNOWN + NEW, width=60).splitlines()
    first = told.index("        1. Print it: POST `/jobs` of `press`, which calls")
    assert told[first + 1] == "          back, at most `4h`; usually `1h`; can be undone"
    assert max(map(len, told[3:])) <= 60 or "catalogue.yaml" in max(told, key=len)


def test_markdown_nests_what_the_text_indents() -> None:
    lines = diff_markdown(diff_texts(KNOWN, KNOWN + NEW), "old", "new").splitlines()
    assert lines[0] == "## Catalogue: 1 change in 1 definition: 1 new"
    start = lines.index("### Poster (offer `poster`)")
    assert lines[start + 2 : start + 6] == [
        "- new: the offer is new",
        "  - Code: `P-1`",
        "  - Attributes",
        "    - `copies`: integer, required, minimum `1`, maximum `9`",
    ]
    assert "  - Printed sheet (technical product `sheet`)" in lines
    assert "      - 2\\. `dry`: waits for `3h`; after 1" in lines


def test_json_has_every_definition_with_its_offer_and_its_contents() -> None:
    told = diff_to_json(diff_texts(KNOWN, KNOWN + NEW), "old", "new")
    assert (told["severity"], told["counts"]["new"]) == ("new", 3)
    assert {each["id"]: each["part_of"] for each in told["changes"]} == {
        "poster": None,
        "sheet": "poster",
        "press": "poster",
    }
    poster = next(each for each in told["changes"] if each["id"] == "poster")
    assert {"title": "Code", "lines": ["`P-1`"]} in poster["outline"]


def test_offer_that_is_gone_names_what_is_gone_with_it() -> None:
    told = rendered(KNOWN + NEW, KNOWN).splitlines()
    assert told[0] == "old → new: 1 change in 1 definition: 1 breaking"
    assert told[-1] == "    Gone with it: technical product `sheet`; system `press`"
    assert len(told) == 5


def test_words_of_a_definition_are_no_markdown() -> None:
    named = NEW.replace("name: Printed sheet", "name: <b>*Sheet*</b>").replace("of a sheet", "'[x](y)'")
    text = diff_markdown(diff_texts(KNOWN, KNOWN + named), "old", "new")
    assert "<b>" not in text.replace("\\<b\\>", "")
    assert "[x](y)" not in text
