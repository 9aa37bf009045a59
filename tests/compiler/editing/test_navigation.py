"""Go to definition, references and rename, in a catalogue with orders and scenarios on disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from compiler.editing.cursor import Position
from compiler.editing.navigation import outline
from compiler.editing.rename import RenameRefused, replace_occurrences
from compiler.editing.workspace import Workspace
from tests.support.editors.cursor_text import split_cursor

FILES = {
    "definitions/kit.yaml": """\
kind: commercial_product
id: kit
code: KIT-1
class: rented
attributes:
  size: {type: integer, default: 1}
  colour: {type: string, default: red}
let:
  total: attributes.size * 2
decomposes_to:
  - product: box
    quantity: quantity * attributes.size
    attributes: {height: "${let.total}"}
dependencies:
  box.pack: [ship.send]
steps:
  thank: {milestone: true, actions: [modify], when: attributes.term > 1 && has(previous.attributes.size)}
  wait: {after: [thank], actions: [modify], event: {name: done, within: 1d}}
""",
    "definitions/box.yaml": """\
kind: technical_product
id: box
attributes:
  height: {type: integer, required: true}
  colour: {type: string}
steps:
  pick: {call: {system: store, post: /picks, body: "${attributes.height}"}}
  pack:
    after: pick
    call: {system: store, post: /packs, body: {pick: "${steps.pick.output.id}", again: "${has(steps.pick.output)}"}}
    on_failure: [{code: torn, redo_from: pick, max: 2}, {do: fallout, queue: desk}]
    undo: {call: {system: store, delete: "/packs/${output.id}"}}
""",
    "definitions/rest.yaml": """\
kind: workstream
id: ship
for: [box]
steps:
  send:
    per: order
    after: [box.pick]
    call:
      system: store
      post: /ships
      body: "${workstreams.box.pick.outputs.map(o, o.id) + lines.map(l, string(l.attributes.height))}"
---
kind: product_class
id: rented
attributes:
  term: {type: integer, default: 12}
---
kind: system
id: store
base_url: http://localhost:1
""",
    "orders/one.yaml": """\
id: O-1
lines:
  - {id: "1", product: KIT-1, attributes: {size: 2}}
  - {id: "2", product: kit, action: modify, attributes: {size: 3}, previous: {attributes: {size: 1}}}
""",
    "orders/two.jsonl": """\
{"id": "O-2", "lines": [{"id": "1", "product": "kit", "attributes": {"size": 2}}]}
{"id": "O-3", "lines": [{"id": "1", "product": "kit", "attributes": {"size": 4}}]}
""",
    "test_environment.yaml": "kind: system\nid: store\nbase_url: http://localhost:2\n",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def place(name: str, near: str) -> Position:
    """Of the mark in `near`, which is a part of the file."""
    part, _ = split_cursor(near)
    assert FILES[name].count(part) == 1, f"{part!r} is not once in {name}"
    _, position = split_cursor(FILES[name].replace(part, near))
    return position


def definition(root: Path, name: str, near: str) -> list[str]:
    position = place(name, near)
    table = Workspace(root / "definitions").symbols_near(root / name, position)
    occurrence = table.at(str(root / name), position)
    assert occurrence is not None
    found = table.declarations(occurrence.symbols)
    return [f"{Path(one.file).name}:{one.start.line + 1}" for one in found]


def renamed(root: Path, name: str, near: str, new_name: str) -> dict[str, str]:
    """File → its text afterwards, of the files that change."""
    places = Workspace(root / "definitions").rename(root, root / name, place(name, near), new_name)
    files = {Path(one.file) for one in places}
    return {
        str(file.relative_to(root)): replace_occurrences(
            file.read_text(), [one for one in places if Path(one.file) == file], new_name
        )
        for file in files
    }


def test_the_catalogue_has_no_errors(root: Path) -> None:
    assert not Workspace(root / "definitions").loaded.refused


@pytest.mark.parametrize(
    ("name", "near", "expected"),
    [
        ("definitions/kit.yaml", "product: bo‸x", ["box.yaml:2"]),
        ("definitions/kit.yaml", "class: ren‸ted", ["rest.yaml:14"]),
        ("definitions/kit.yaml", "  bo‸x.pack: [", ["box.yaml:2"]),
        ("definitions/kit.yaml", "  box.pa‸ck: [", ["box.yaml:8"]),
        ("definitions/kit.yaml", "[ship.se‸nd]", ["rest.yaml:5"]),
        ("definitions/kit.yaml", "quantity * attributes.si‸ze", ["kit.yaml:6"]),
        ("definitions/kit.yaml", "{hei‸ght:", ["box.yaml:4"]),
        ("definitions/kit.yaml", "let.to‸tal", ["kit.yaml:9"]),
        ("definitions/kit.yaml", "attributes.te‸rm", ["rest.yaml:16"]),
        ("definitions/box.yaml", "after: pi‸ck", ["box.yaml:7"]),
        ("definitions/box.yaml", "redo_from: pi‸ck", ["box.yaml:7"]),
        ("definitions/box.yaml", "steps.pi‸ck.output.id", ["box.yaml:7"]),
        ("definitions/box.yaml", "system: st‸ore, post: /picks", ["rest.yaml:19"]),
        ("definitions/rest.yaml", "workstreams.bo‸x.", ["box.yaml:2"]),
        ("definitions/rest.yaml", "workstreams.box.pi‸ck", ["box.yaml:7"]),
        ("definitions/rest.yaml", "l.attributes.hei‸ght", ["box.yaml:4"]),
        ("orders/one.yaml", "KIT‸-1", ["kit.yaml:2"]),
        ("orders/one.yaml", "previous: {attributes: {si‸ze", ["kit.yaml:6"]),
        ("test_environment.yaml", "id: sto‸re", ["rest.yaml:19"]),
    ],
)
def test_go_to_definition(root: Path, name: str, near: str, expected: list[str]) -> None:
    assert definition(root, name, near) == expected


def test_references_of_a_step(root: Path) -> None:
    table = Workspace(root / "definitions").symbols(root)
    occurrence = table.at(str(root / "definitions/box.yaml"), place("definitions/box.yaml", "after: pi‸ck"))
    assert occurrence is not None
    found = table.references(occurrence.symbols)
    assert [f"{Path(one.file).name}:{one.start.line + 1}" for one in found] == [
        *("box.yaml:7", "box.yaml:9", "box.yaml:10", "box.yaml:10", "box.yaml:11"),
        *("rest.yaml:7", "rest.yaml:11"),
    ]


def test_outline(root: Path) -> None:
    workspace = Workspace(root / "definitions")
    found = outline(workspace.file_documents(root / "definitions/rest.yaml"), 21, workspace.index)
    assert [(one.name, one.detail, [child.name for child in one.children]) for one in found] == [
        ("ship", "workstream", ["send"]),
        ("rented", "product class", ["term"]),
        ("store", "system", []),
    ]
    assert [(one.start.line, one.end.line) for one in found] == [(0, 12), (12, 17), (17, 21)]
    assert outline([], 1, workspace.index) == []


def test_rename_a_step(root: Path) -> None:
    changed = renamed(root, "definitions/box.yaml", "after: pi‸ck", "collect")
    assert changed == {
        "definitions/box.yaml": FILES["definitions/box.yaml"]
        .replace("  pick:", "  collect:")
        .replace("after: pick", "after: collect")
        .replace("steps.pick", "steps.collect")
        .replace("redo_from: pick", "redo_from: collect"),
        "definitions/rest.yaml": FILES["definitions/rest.yaml"].replace("box.pick", "box.collect"),
    }


def test_rename_an_attribute_with_its_orders(root: Path) -> None:
    changed = renamed(root, "definitions/kit.yaml", "  si‸ze: {type", "amount")
    assert changed == {
        name: FILES[name].replace("size", "amount")
        for name in ("definitions/kit.yaml", "orders/one.yaml", "orders/two.jsonl")
    }


def test_rename_an_attribute_that_rules_and_lines_name(root: Path) -> None:
    changed = renamed(root, "definitions/box.yaml", "  hei‸ght: {type", "tall")
    assert changed == {
        name: FILES[name].replace("height", "tall")
        for name in ("definitions/kit.yaml", "definitions/box.yaml", "definitions/rest.yaml")
    }


def test_rename_an_inherited_attribute(root: Path) -> None:
    changed = renamed(root, "definitions/kit.yaml", "attributes.te‸rm", "months")
    assert changed == {
        "definitions/kit.yaml": FILES["definitions/kit.yaml"].replace("attributes.term", "attributes.months"),
        "definitions/rest.yaml": FILES["definitions/rest.yaml"].replace("term:", "months:"),
    }


def test_rename_a_product(root: Path) -> None:
    changed = renamed(root, "definitions/box.yaml", "id: b‸ox", "carton")
    assert set(changed) == {"definitions/kit.yaml", "definitions/box.yaml", "definitions/rest.yaml"}
    assert not any("box" in text for text in changed.values())


def test_rename_a_system_with_its_environments(root: Path) -> None:
    changed = renamed(root, "definitions/rest.yaml", "id: st‸ore", "shelf")
    assert changed["test_environment.yaml"] == FILES["test_environment.yaml"].replace("store", "shelf")


def test_rename_a_named_value(root: Path) -> None:
    changed = renamed(root, "definitions/kit.yaml", "let.to‸tal", "sum_of_all")
    assert changed == {"definitions/kit.yaml": FILES["definitions/kit.yaml"].replace("total", "sum_of_all")}


@pytest.mark.parametrize(
    ("name", "near", "new_name", "message"),
    [
        ("definitions/kit.yaml", "  col‸our: {type", "paint", "`colour` of `kit` is copied to `box`"),
        ("definitions/box.yaml", "  col‸our: {type", "paint", "`colour` of `kit` is copied to `box`"),
        ("definitions/kit.yaml", "  si‸ze: {type", "colour", "There is an attribute `colour` already"),
        ("definitions/box.yaml", "after: pi‸ck", "pack", "There is a step `pack` already"),
        ("definitions/box.yaml", "after: pi‸ck", "ship", "`ship` is a workstream"),
        ("definitions/box.yaml", "after: pi‸ck", "Pick!", "`Pick!` cannot be a name"),
        ("definitions/box.yaml", "after: pi‸ck", "in", "`in` cannot be a name"),
        ("orders/one.yaml", "KIT‸-1", "KIT-2", "This is the product's code"),
        ("definitions/kit.yaml", "name: do‸ne", "over", "`done` is an event that other systems send"),
        ("definitions/kit.yaml", "quantity: quan‸tity * ", "amount", "There is no id, step, attribute or named value"),
    ],
)
def test_renames_that_cannot_be_complete_are_refused(
    root: Path, name: str, near: str, new_name: str, message: str
) -> None:
    with pytest.raises(RenameRefused) as refused:
        renamed(root, name, near, new_name)
    assert message in str(refused.value)


def test_no_rename_while_there_are_errors(root: Path) -> None:
    (root / "definitions/broken.yaml").write_text("kind: retry\nid: slow\nmax_attemps: 3\n")
    with pytest.raises(RenameRefused, match=r"broken.yaml:3: there is no key `max_attemps`"):
        renamed(root, "definitions/box.yaml", "after: pi‸ck", "collect")


SCENARIO = """\
kind: scenario
id: s
order: ../orders/one.yaml
with:
  attributes: {size: 4}
  lines: {"1": {attributes: {size: 5}}, "2": {previous: {attributes: {size: 6}}}}
world:
  - {on: box.pick, answer: {status: 200, body: {id: P-1}}}
  - {when: box.pack, after: 1d, event: done, key: "${steps.pick.output.id}"}
expect:
  order: completed
  lines: {"1": {attributes: {size: 5}}, box@1: {attributes: {height: 10}}}
  steps: {box.pick@1: completed, ship.send: completed}
"""


def with_scenario(root: Path, more: str = "") -> str:
    (root / "definitions/scenario.yaml").write_text(SCENARIO + more)
    return SCENARIO + more


def test_attributes_in_scenarios_are_renamed(root: Path) -> None:
    scenario = with_scenario(root)
    changed = renamed(root, "definitions/kit.yaml", "  si‸ze: {type", "amount")
    assert changed["definitions/scenario.yaml"] == scenario.replace("size", "amount")
    changed = renamed(root, "definitions/box.yaml", "  hei‸ght: {type", "tall")
    assert changed["definitions/scenario.yaml"] == scenario.replace("height", "tall")


def test_no_rename_of_an_attribute_of_an_unknown_line(root: Path) -> None:
    with_scenario(root, '  moments: [{after: 1d, lines: {"9": {attributes: {size: 6}}}}]\n')
    with pytest.raises(RenameRefused, match=r"The scenario at .*scenario.yaml:14 contains `size`"):
        renamed(root, "definitions/kit.yaml", "  si‸ze: {type", "amount")


def test_steps_in_scenarios_are_renamed(root: Path) -> None:
    scenario = with_scenario(root)
    changed = renamed(root, "definitions/box.yaml", "after: pi‸ck", "collect")
    assert changed["definitions/scenario.yaml"] == scenario.replace("box.pick", "box.collect").replace(
        "steps.pick", "steps.collect"
    )


def test_lines_of_a_product_in_scenarios_are_renamed(root: Path) -> None:
    scenario = with_scenario(root)
    changed = renamed(root, "definitions/box.yaml", "id: b‸ox", "carton")
    assert changed["definitions/scenario.yaml"] == scenario.replace("box", "carton")


@pytest.mark.parametrize(("near", "new_name"), [("after: pi‸ck", "collect"), ("id: b‸ox", "carton")])
def test_no_rename_of_what_a_scenario_has_in_a_text(root: Path, near: str, new_name: str) -> None:
    with_scenario(root, '  calls: [{system: store, key: "*/box.pick@1/do/1/*"}]\n')
    with pytest.raises(RenameRefused, match=r"The scenario at .*scenario.yaml:14 contains `\*/box.pick@1"):
        renamed(root, "definitions/box.yaml", near, new_name)


def test_a_rename_leaves_the_workspace_as_it_was(root: Path) -> None:
    workspace = Workspace(root / "definitions")
    file = root / "definitions/box.yaml"
    text = FILES["definitions/box.yaml"].replace("pick", "take")
    workspace.set_text(file, text)
    workspace.set_text(root / "definitions/rest.yaml", FILES["definitions/rest.yaml"].replace("pick", "take"))
    workspace.reload()
    assert workspace.rename(root, file, place("definitions/box.yaml", "after: pi‸ck"), "collect")
    workspace.reload()
    assert not workspace.loaded.refused
    assert "take" in workspace.index.step_groups["box"].steps
