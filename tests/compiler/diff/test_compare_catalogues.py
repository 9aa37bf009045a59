"""What changed between two catalogues: told once, at its place, with its severity."""

from __future__ import annotations

import pytest

from compiler.diff.change import ChangeKind, Effect, Severity
from tests.support.compiler.catalogue_diffs import diff_texts, edited, told
from views.diff.words import describe

CATALOGUE = """
kind: product_class
id: service
attributes: {free_days: {type: integer, default: 0, maximum: 90}}
decomposes_to: [{product: account}]
---
kind: commercial_product
id: alarm
name: Alarm
code: AL-1
class: service
attributes:
  cameras: {type: integer, minimum: 0, maximum: 16, default: 2}
  model: {type: string, enum: [indoor, outdoor], default: indoor}
  site: {type: object, properties: {floor: {type: integer}}}
let: {fee: "attributes.cameras * 3"}
decomposes_to:
  - {product: camera, when: attributes.cameras > 0, quantity: quantity * attributes.cameras}
dependencies: {account.open: camera.reserve}
components: [{product: manual, quantity: 1}]
steps:
  invoice:
    after: camera.reserve
    call: {system: billing, post: /invoices, body: {amount: "${let.fee}", text: Alarm}}
    sla: {duration: 2d}
    on_failure: {do: fallout, queue: ann}
    undo: {call: {system: billing, post: "/credits"}}
---
kind: commercial_product
id: manual
steps: {print: {milestone: true}}
---
kind: commercial_product
id: other
class: service
steps: {go: {milestone: true}}
---
kind: technical_product
id: camera
attributes: {model: {type: string}}
steps:
  reserve: {call: {system: stock, post: /reservations, body: {sku: "cam-${quantity}"}}, actions: [add, modify]}
  check: {milestone: true, after: reserve, when: has(attributes.model)}
---
kind: technical_product
id: account
attributes: {free_days: {type: integer, default: 0}}
steps:
  open: {activity: open, with: {days: "${attributes.free_days}"}}
---
kind: workstream
id: parcel
for: [camera]
steps:
  ship: {call: {system: stock, post: /parcels}, after: camera.reserve, per: bundle}
---
{kind: system, id: billing, base_url: "http://billing"}
---
{kind: system, id: stock, base_url: "http://stock", timeout: 30s}
---
{kind: receiver, id: crm, url: "http://crm", events: ["order.*"]}
---
{kind: retry, id: patient, max_attempts: 5}
"""


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("maximum: 16", "maximum: 8", "breaking: attribute `cameras`: maximum `16` → `8`"),
        ("maximum: 16", "maximum: 20", "behaviour: attribute `cameras`: maximum `16` → `20`"),
        ("minimum: 0, ", "", "behaviour: attribute `cameras`: minimum no longer `0`"),
        ("default: 2}", "default: 3}", "behaviour: attribute `cameras`: default `2` → `3`"),
        ("[indoor, outdoor]", "[outdoor, indoor, dome]", "behaviour: attribute `model` also allows `dome`"),
        ("[indoor, outdoor]", "[indoor]", "breaking: attribute `model` no longer allows `outdoor`"),
        (
            "floor: {type: integer}",
            "floor: {type: number}",
            "behaviour: attribute `site.floor`: type `integer` → `number`",
        ),
        (
            "floor: {type: integer}",
            "floor: {type: string}",
            "breaking: attribute `site.floor`: type `integer` → `string`",
        ),
        (
            "floor: {type: integer}",
            "floor: {type: integer, required: true}",
            "breaking: attribute `site.floor` is now required",
        ),
        ("  site:", "  note: {type: string}\n  site:", "behaviour: attribute `note` is new: string"),
        (
            "  site:",
            "  note: {type: string, required: true}\n  site:",
            "breaking: attribute `note` is new: string, required",
        ),
        ("  site: {type: object, properties: {floor: {type: integer}}}\n", "", "breaking: attribute `site` is gone"),
        ("  site:", "  place:", "breaking: attribute `site` is now called `place`"),
        ("code: AL-1", "code: AL-1\nquantity: one", "breaking: quantity now `one`"),
        ("code: AL-1", "code: AL-2", "breaking: code `AL-1` → `AL-2`"),
        ("name: Alarm\n", "name: Alarms\n", "cosmetic: name `Alarm` → `Alarms`"),
        (
            "cameras > 0,",
            "cameras > 1,",
            "behaviour: an order line becomes `camera` if `attributes.cameras > 1`, before if `attributes.cameras > 0`",
        ),
        (
            "attributes.cameras}\ndep",
            "attributes.cameras, actions: [add, delete]}\ndep",
            "breaking: `camera` is no longer for `modify` lines",
        ),
        (
            "  - {product: camera,",
            "  - {product: camera, as: spare, quantity: 1}\n  - {product: camera,",
            "behaviour: an order line also becomes `camera as spare`, quantity `1`",
        ),
        ("components: [{product: manual, quantity: 1}]\n", "", "breaking: an order line no longer contains `manual`"),
        (
            "{account.open: camera.reserve}",
            "{account.open: camera.check}",
            "behaviour: `account.open` now also waits for `camera.check`",
        ),
        ("/invoices,", "/bills,", "behaviour: step `invoice`: call POST `/invoices` → `/bills`"),
        ("text: Alarm}", "text: Bell}", "behaviour: step `invoice`: body text `Alarm` → `Bell`"),
        (
            "cameras * 3",
            "cameras * 4",
            "behaviour: value `let.fee`: `attributes.cameras * 3` → `attributes.cameras * 4`",
        ),
        ("duration: 2d", "duration: 36h", "behaviour: step `invoice`: sla duration `2d` → `36h`"),
        (
            "queue: ann",
            "queue: bob",
            "behaviour: step `invoice`: after a failure `[{do: fallout, queue: ann}]` → `[{do: fallout, queue: bob}]`",
        ),
        (
            '    undo: {call: {system: billing, post: "/credits"}}\n',
            "",
            "behaviour: step `invoice` can no longer be undone",
        ),
        ("    after: camera.reserve\n", "", "behaviour: step `invoice` no longer waits for `camera.reserve`"),
        ("actions: [add, modify]", "actions: [add]", "breaking: step `reserve` is no longer for `modify` lines"),
        (
            "actions: [add, modify]",
            "actions: [add, modify, delete]",
            "behaviour: step `reserve` is also for `delete` lines",
        ),
        (
            "  check: {milestone: true, after: reserve, when: has(attributes.model)}\n",
            "",
            "breaking: step `check` is gone: a milestone, after `reserve`",
        ),
        ("check: {milestone", "inspect: {milestone", "breaking: step `check` is now called `inspect`"),
        (
            "  open: {",
            "  greet: {milestone: true, after: open}\n  open: {",
            "behaviour: step `greet` is new: a milestone, after `open`",
        ),
        ("for: [camera]", "for: [camera, account]", "behaviour: also serves `account`"),
        (
            "for: [camera]\n",
            "for: [camera]\nwhen: quantity > 1\n",
            "behaviour: applies if `quantity > 1`, before always",
        ),
        ("per: bundle", "per: order", "breaking: step `ship`: per `bundle` → `order`"),
        ("http://stock", "http://store", "behaviour: base url `http://stock` → `http://store`"),
        ("timeout: 30s", "timeout: 1m", "behaviour: timeout `30s` → `1m`"),
        ('events: ["order.*"]', 'events: ["order.*", "step.*"]', "behaviour: also told of `step.*`"),
        ("max_attempts: 5", "max_attempts: 6", "behaviour: max attempts `5` → `6`"),
        ("maximum: 90", "maximum: 30", "breaking: attribute `free_days`: maximum `90` → `30`"),
        ("[{product: account}]", "[{product: account, quantity: 1}]", "behaviour: `account`: quantity now `1`"),
        (
            "steps: {print: {milestone: true}}",
            "no_work_for: [no_change, delete]\nsteps: {print: {milestone: true}}",
            "behaviour: `delete` lines need no step any more",
        ),
    ],
)
def test_one_edit_is_told_once_with_its_severity(before: str, after: str, expected: str) -> None:
    changes = diff_texts(CATALOGUE, edited(CATALOGUE, before, after)).changes
    texts = [told(change) for change in changes]
    extra = {
        "behaviour: `account.open` no longer waits for `camera.reserve`",
        "breaking: `camera` is no longer for `unchanged` lines",
    }
    assert expected in texts
    assert set(texts) - {expected} <= extra, "\n".join(texts)


def test_equal_catalogues_have_no_change() -> None:
    assert diff_texts(CATALOGUE, CATALOGUE).changes == ()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("attributes.cameras > 0", "attributes.cameras>0   "),
        (
            "cameras: {type: integer, minimum: 0, maximum: 16, default: 2}",
            "cameras: {maximum: 16.0, default: 2, minimum: 0, type: integer}",
        ),
        ("duration: 2d", "duration: PT48H"),
        ("after: camera.reserve, per: bundle", "after: [camera.reserve], per: bundle"),
        ("[add, modify]", "[modify, add]"),
        ("for: [camera]", "for: camera"),
        ("[indoor, outdoor]", "[outdoor, indoor]"),
        ("{do: fallout, queue: ann}", "[{do: fallout, queue: ann}]"),
        ('"${let.fee}"', '"${ let.fee }"'),
        ("per: bundle}", "per: bundle, actions: [add]}"),
        ("timeout: 30s", "timeout: PT30S"),
        ("kind: workstream", "# a parcel\nkind: workstream"),
        ("id: camera\n", "id: camera\nper: line\nmerged_quantity: sum\n"),
    ],
)
def test_other_spellings_of_the_same_meaning_are_no_change(before: str, after: str) -> None:
    assert diff_texts(CATALOGUE, edited(CATALOGUE, before, after)).changes == ()


@pytest.mark.parametrize(
    ("written", "words"),
    [("true", "body text `1` → `true`"), ("1.0", "body text `1` → `1.0`"), ('"1"', 'body text `1` → `"1"`')],
)
def test_values_that_python_takes_for_equal_are_told_apart(written: str, words: str) -> None:
    old, new = (edited(CATALOGUE, "text: Alarm}", f"text: {value}}}") for value in ("1", written))
    assert [told(change) for change in diff_texts(old, new).changes] == [f"behaviour: step `invoice`: {words}"]


def test_long_texts_are_shown_where_they_differ() -> None:
    long = " ".join(f"word {number}" for number in range(60))
    old, new = (edited(CATALOGUE, "text: Alarm}", f'text: "{long}{end}"}}') for end in (" a", " b"))
    (change,) = diff_texts(old, new).changes
    assert "word 59 a` → `…" in describe(change)
    assert describe(change).endswith("word 59 b`")


def test_attribute_that_moves_to_the_class_is_no_change_of_the_offer() -> None:
    model = "  model: {type: string, enum: [indoor, outdoor], default: indoor}\n"
    moved = edited(CATALOGUE, model, "").replace("maximum: 90}", "maximum: 90}, " + model.strip())
    assert [told(change) for change in diff_texts(CATALOGUE, moved).changes] == [
        "behaviour: attribute `model` is new: string, default `indoor`, one of `indoor`, `outdoor`",
    ], "of the class, which gives it to both offers"


def test_change_of_a_class_is_told_once_and_names_its_products() -> None:
    (change,) = diff_texts(CATALOGUE, edited(CATALOGUE, "maximum: 90", "maximum: 30")).changes
    assert (change.subject.kind, change.subject.id, change.concerns) == ("product_class", "service", ("alarm", "other"))
    assert str(change.location).endswith("catalogue.yaml:4:53")


def test_order_of_rules_is_told() -> None:
    rules = "  - {product: camera, as: a, quantity: 1}\n  - {product: camera, as: b, quantity: 2}\n"
    turned = "  - {product: camera, as: b, quantity: 2}\n  - {product: camera, as: a, quantity: 1}\n"
    start = "  - {product: camera, when"
    (change,) = diff_texts(edited(CATALOGUE, start, rules + start), edited(CATALOGUE, start, turned + start)).changes
    assert (change.kind, change.after) == (ChangeKind.MOVED, ["account", "camera~b", "camera~a", "camera"])


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("camera", "webcam", "the technical product has another id: `camera` is now `webcam`"),
        ("parcel", "delivery", "the workstream has another id: `parcel` is now `delivery`"),
        ("stock", "warehouse", "the system has another id: `stock` is now `warehouse`"),
    ],
)
def test_renamed_definition_is_told_once_with_all_references_to_it(old: str, new: str, words: str) -> None:
    renamed = CATALOGUE.replace(f"id: {old}", f"id: {new}").replace(f"system: {old}", f"system: {new}")
    renamed = (
        renamed.replace(f"product: {old}", f"product: {new}")
        .replace(f"{old}.", f"{new}.")
        .replace(f"[{old}]", f"[{new}]")
    )
    assert [told(change).partition(": ")[2] for change in diff_texts(CATALOGUE, renamed).changes] == [words]


def test_removed_offer_is_breaking_and_a_new_one_is_not() -> None:
    other = "kind: commercial_product\nid: other\nclass: service\nsteps: {go: {milestone: true}}\n---\n"
    without = edited(CATALOGUE, other, "")
    (gone,) = [change for change in diff_texts(CATALOGUE, without).changes if not change.path]
    assert (gone.severity, gone.effect) == (Severity.BREAKING, Effect.REJECTS_ORDERS)
    (new,) = [change for change in diff_texts(without, CATALOGUE).changes if not change.path]
    assert (new.severity, new.effect) == (Severity.NEW, Effect.NONE)


def test_condition_that_leaves_a_valid_order_without_work_is_breaking_and_shows_such_an_order() -> None:
    text = """
kind: commercial_product
id: offer
attributes: {n: {type: integer, minimum: 1, maximum: 5, default: 1}}
decomposes_to: [{product: part, when: attributes.n > 0}]
---
kind: technical_product
id: part
steps: {go: {milestone: true}}
"""
    diff = diff_texts(text, edited(text, "attributes.n > 0", "attributes.n > 1"))
    assert [(change.severity, change.effect) for change in diff.changes] == [(Severity.BREAKING, Effect.REJECTS_ORDERS)]
    assert diff.rejected_trial is not None
    assert "no step to add `offer`" in diff.rejected_trial.reason
    assert diff_texts(text, edited(text, "attributes.n > 0", "attributes.n >= 1")).severity is Severity.BEHAVIOUR
