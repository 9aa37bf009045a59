"""What goes round in a circle is an error that prints its path: decomposition, steps, an offer's dependencies."""

from __future__ import annotations

from tests.support.written_catalogues import findings_of, told

TECHNICAL = "kind: technical_product\nid: %s\ndecomposes_to: [{product: %s}]\nsteps: {go: {milestone: true}}\n"


def test_products_that_decompose_into_each_other_print_their_path() -> None:
    text = "---\n".join(TECHNICAL % pair for pair in [("a", "b"), ("b", "c"), ("c", "a")])
    told(text.replace("id: a", "id: «a", 1), "cycle-products", "a → b → c → a")


def test_a_product_that_decomposes_into_itself_is_a_circle() -> None:
    told(TECHNICAL % ("a", "a"), "cycle-products", "a → a")


def test_bundles_that_contain_each_other_are_a_circle() -> None:
    one = "kind: commercial_product\nid: %s\ncomponents: [{product: %s}]\n"
    told(one % ("«a", "b") + "---\n" + one % ("b", "a"), "cycle-products", "a → b → a")


def test_a_class_can_close_a_circle() -> None:
    text = "kind: product_class\nid: c\ndecomposes_to: [{product: t}]\n---\nkind: technical_product\nid: t\nclass: c\n"
    told(text, "cycle-products", "t → t")


def test_steps_that_wait_for_each_other_print_their_path_in_the_order_of_running() -> None:
    text = (
        "kind: commercial_product\nid: p\nsteps:\n  «a: {milestone: true, after: c}\n"
        "  b: {milestone: true, after: a}\n  c: {milestone: true, after: b}\n"
    )
    told(text, "cycle-steps", "p.b → p.c → p.a → p.b")


def test_a_step_that_waits_for_itself_is_a_circle() -> None:
    told("kind: commercial_product\nid: p\nsteps:\n  «a: {milestone: true, after: a}\n", "cycle-steps", "p.a → p.a")


def test_a_circle_across_workstreams_is_one() -> None:
    text = (
        "kind: commercial_product\nid: p\nsteps: {a: {milestone: true, after: w.b}}\n---\n"
        "kind: workstream\nid: w\nfor: p\nsteps: {b: {milestone: true, after: p}}\n"
    )
    told(text, "cycle-steps", "p.a", "w.b")


def test_dependencies_that_close_a_circle_are_told_at_the_dependency() -> None:
    text = (
        "kind: commercial_product\nid: p\nsteps:\n  a: {milestone: true}\n  b: {milestone: true, after: a}\n"
        "dependencies:\n  «p.a: p.b\n"
    )
    told(text, "cycle-dependencies", "p.b → p.a → p.b")


def test_dependencies_of_several_offers_count_together_where_a_step_is_one_for_the_order() -> None:
    text = (
        "kind: commercial_product\nid: p\ndecomposes_to: [{product: t}]\ndependencies: {t.a: t.b}\n---\n"
        "kind: commercial_product\nid: q\ndecomposes_to: [{product: t}]\ndependencies: {t.b: t.a}\n---\n"
        "kind: technical_product\nid: t\nper: order\n"
        "steps: {a: {milestone: true, per: order}, b: {milestone: true, per: order}}\n"
    )
    told(text, "cycle-dependencies", "t.b → t.a → t.b")
    assert findings_of(text.replace(", per: order}", "}")) == []
