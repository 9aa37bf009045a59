"""What goes round in a circle is an error that prints its path: decomposition, steps, an offer's dependencies."""

from __future__ import annotations

from tests.support.compiler.written_catalogues import assert_error, findings_of

TECHNICAL = "kind: technical_product\nid: %s\ndecomposes_to: [{product: %s}]\nsteps: {go: {milestone: true}}\n"


def test_cycle_of_products_shows_its_path() -> None:
    text = "---\n".join(TECHNICAL % pair for pair in [("a", "b"), ("b", "c"), ("c", "a")])
    assert_error(text.replace("id: a", "id: «a", 1), "cycle-products", "a → b → c → a")


def test_product_that_decomposes_into_itself_is_a_cycle() -> None:
    assert_error(TECHNICAL % ("a", "a"), "cycle-products", "a → a")


def test_bundles_that_contain_each_other_are_a_cycle() -> None:
    one = "kind: commercial_product\nid: %s\ncomponents: [{product: %s}]\n"
    assert_error(one % ("«a", "b") + "---\n" + one % ("b", "a"), "cycle-products", "a → b → a")


def test_class_can_close_a_cycle() -> None:
    text = "kind: product_class\nid: c\ndecomposes_to: [{product: t}]\n---\nkind: technical_product\nid: t\nclass: c\n"
    assert_error(text, "cycle-products", "t → t")


def test_cycle_of_steps_shows_its_path_in_running_order() -> None:
    text = (
        "kind: commercial_product\nid: p\nsteps:\n  «a: {milestone: true, after: c}\n"
        "  b: {milestone: true, after: a}\n  c: {milestone: true, after: b}\n"
    )
    assert_error(text, "cycle-steps", "p.b → p.c → p.a → p.b")


def test_step_that_waits_for_itself_is_a_cycle() -> None:
    assert_error(
        "kind: commercial_product\nid: p\nsteps:\n  «a: {milestone: true, after: a}\n", "cycle-steps", "p.a → p.a"
    )


def test_cycle_across_workstreams_is_found() -> None:
    text = (
        "kind: commercial_product\nid: p\nsteps: {a: {milestone: true, after: w.b}}\n---\n"
        "kind: workstream\nid: w\nfor: p\nsteps: {b: {milestone: true, after: p}}\n"
    )
    assert_error(text, "cycle-steps", "p.a", "w.b")


def test_cycle_through_dependencies_is_reported_at_the_dependency() -> None:
    text = (
        "kind: commercial_product\nid: p\nsteps:\n  a: {milestone: true}\n  b: {milestone: true, after: a}\n"
        "dependencies:\n  «p.a: p.b\n"
    )
    assert_error(text, "cycle-dependencies", "p.b → p.a → p.b")


def test_dependencies_of_several_offers_can_form_a_cycle_of_shared_steps() -> None:
    text = (
        "kind: commercial_product\nid: p\ndecomposes_to: [{product: t}]\ndependencies: {t.a: t.b}\n---\n"
        "kind: commercial_product\nid: q\ndecomposes_to: [{product: t}]\ndependencies: {t.b: t.a}\n---\n"
        "kind: technical_product\nid: t\nper: order\n"
        "steps: {a: {milestone: true, per: order}, b: {milestone: true, per: order}}\n"
    )
    assert_error(text, "cycle-dependencies", "t.b → t.a → t.b")
    assert findings_of(text.replace(", per: order}", "}")) == []
