"""Which instances a reference in `after` means, and what replaces missing ones (docs/language.md)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.compiler.plan_sketch import catalogue_of, line, only, rejected, sketch


def technical(id_: str, steps: str, more: str = "") -> str:
    return f"---\nkind: technical_product\nid: {id_}\n{more}\nsteps: {{{steps}}}\n"


def offer(id_: str, *products: str, more: str = "") -> str:
    rules = "".join(f"\n  - {{product: {product}}}" for product in products)
    decomposes = f"decomposes_to:{rules}\n" if rules else ""
    return f"---\nkind: commercial_product\nid: {id_}\n{decomposes}{more}\n"


def step(after: str = "", more: str = "") -> str:
    return f"{{milestone: true, after: [{after}]{more}}}"


# Which instances are meant


def test_a_step_of_the_same_workstream_on_the_same_line(tmp_path: Path) -> None:
    text = offer("o", "a") + technical("a", f"take: {step()}, give: {step('take')}")
    plan = sketch(catalogue_of(tmp_path, text), line("1", "o"), line("2", "o"))
    assert plan.after["a.give@1"] == {"a.take@1"}
    assert plan.after["a.give@2"] == {"a.take@2"}


def test_a_workstream_alone_means_its_last_steps(tmp_path: Path) -> None:
    text = offer("o", "a", "b") + technical("a", f"x: {step()}, y: {step('x')}, z: {step('a.x')}")
    plan = sketch(catalogue_of(tmp_path, text + technical("b", f"go: {step('a')}")), line("1", "o"))
    assert plan.after["b.go@1"] == {"a.y@1", "a.z@1"}


def test_siblings_of_the_same_order_line_and_no_other(tmp_path: Path) -> None:
    text = offer("o", "a", "b") + technical("a", f"go: {step()}") + technical("b", f"go: {step('a.go')}")
    plan = sketch(catalogue_of(tmp_path, text), line("1", "o"), line("2", "o"))
    assert plan.after["b.go@1"] == {"a.go@1"}


def test_line_itself_is_searched_before_its_decomposition(tmp_path: Path) -> None:
    text = (
        offer("o", "box")
        + "---\nkind: technical_product\nid: box\ndecomposes_to: [{product: part}]\n"
        + "---\nkind: technical_product\nid: part\n"
        + f"---\nkind: workstream\nid: w\nfor: [box, part]\nsteps: {{a: {step()}, b: {step('a')}}}\n"
    )
    plan = sketch(catalogue_of(tmp_path, text), line("1", "o"))
    assert plan.after["w.b@box@1"] == {"w.a@box@1"}


def test_decomposition_is_searched_before_siblings(tmp_path: Path) -> None:
    box = technical("box", f"close: {step('part.go')}", "decomposes_to: [{product: part, as: inner}]")
    text = offer("o", "box", "part") + box + technical("part", f"go: {step()}")
    plan = sketch(catalogue_of(tmp_path, text), line("1", "o"))
    assert plan.after["box.close@1"] == {"part.go@1~inner"}


def test_all_instances_in_the_scope_are_meant(tmp_path: Path) -> None:
    text = (
        offer("o", more="decomposes_to:\n  - {product: unit, quantity: 2}\n  - {product: b}\n")
        + technical("unit", f"go: {step()}", "per: unit")
        + technical("b", f"go: {step('unit.go')}")
    )
    plan = sketch(catalogue_of(tmp_path, text), line("1", "o"))
    assert plan.after["b.go@1"] == {"unit.go@1#1", "unit.go@1#2"}


def test_search_upwards_excludes_child_order_lines(tmp_path: Path) -> None:
    """A site without a SIM never waits for another site's SIM."""
    text = (
        offer("net", "a")
        + offer("site", "a", "b")
        + technical("a", f"go: {step()}")
        + technical("b", f"go: {step('a.go')}")
    )
    sites = [line("1.1", "site"), line("1.2", "site")]
    plan = sketch(catalogue_of(tmp_path, text), line("1", "net", lines=sites))
    assert plan.after["b.go@1.1"] == {"a.go@1.1"}


def test_search_continues_at_the_parent_line(tmp_path: Path) -> None:
    text = (
        offer("net", "a") + offer("site", "b") + technical("a", f"go: {step()}") + technical("b", f"go: {step('a.go')}")
    )
    plan = sketch(catalogue_of(tmp_path, text), line("1", "net", lines=[line("2", "site")]), line("3", "net"))
    assert plan.after["b.go@2"] == {"a.go@1"}


def test_bundle_lines_are_searched_last(tmp_path: Path) -> None:
    text = (
        offer("net", "b", "x")
        + offer("site", "hub", "b", "x")
        + offer("shell", more=f"steps: {{s: {step()}}}")
        + technical("hub", f"go: {step()}", "per: bundle")
        + technical("b", f"go: {step('hub.go')}")
        + technical("x", f"go: {step()}")
    )
    plan = sketch(catalogue_of(tmp_path, text), line("1", "net", lines=[line("2", "site")]), line("3", "net"))
    assert plan.after["b.go@1"] == {"hub.go@1"}
    assert plan.after["b.go@3"] == set()


def test_order_lines_come_after_bundle_lines(tmp_path: Path) -> None:
    text = (
        offer("one", "bill")
        + offer("two", "b")
        + technical("bill", f"go: {step()}", "per: order")
        + technical("b", f"go: {step('bill.go')}")
    )
    plan = sketch(catalogue_of(tmp_path, text), line("1", "one"), line("2", "two"))
    assert plan.after["b.go@2"] == {"bill.go"}


def test_steps_that_no_product_brings_together_look_into_child_order_lines(tmp_path: Path) -> None:
    """A WAN's hand-over waits for all its sites; a sibling component for all their routers."""
    text = (
        offer("net", more=f"steps: {{handover: {step('router.go')}}}")
        + offer("site", "router")
        + offer("wall", "firewall")
        + technical("router", f"go: {step()}")
        + technical("firewall", f"go: {step('router.go')}")
    )
    children = [line("a", "site"), line("b", "site"), line("c", "wall")]
    plan = sketch(catalogue_of(tmp_path, text), line("1", "net", lines=children), line("2", "site"))
    assert plan.after["net.handover@1"] == {"router.go@a", "router.go@b"}
    assert plan.after["firewall.go@c"] == {"router.go@a", "router.go@b"}


def test_nothing_else_reaches_into_another_top_level_line(tmp_path: Path) -> None:
    text = offer("x", "a") + offer("y", "b") + technical("a", f"go: {step()}") + technical("b", f"go: {step('a.go')}")
    plan = sketch(catalogue_of(tmp_path, text), line("1", "x"), line("2", "y"))
    assert plan.after["b.go@2"] == set()


@pytest.mark.parametrize("which", ["a", "b"])
def test_where_either_step_is_per_order_all_in_the_order_are_meant(which: str, tmp_path: Path) -> None:
    per = {"a": "", "b": "", which: ", per: order"}
    text = (
        offer("o", "x", "y")
        + technical("x", f"go: {step('', per['a'])}")
        + technical("y", f"go: {step('x.go', per['b'])}")
    )
    plan = sketch(catalogue_of(tmp_path, text), line("1", "o"), line("2", "o"))
    if which == "a":
        assert plan.after["y.go@1"] == {"x.go"}
    else:
        assert plan.after["y.go"] == {"x.go@1", "x.go@2"}


def test_steps_per_the_same_expression_meet_by_value(tmp_path: Path) -> None:
    per = ', per: "attributes.site"'
    attributes = "attributes: {site: {type: string}}"
    text = (
        offer("o", "x", "y", more=attributes)
        + technical("x", f"go: {step('', per)}", attributes)
        + technical("y", f"go: {step('x.go', per)}", attributes)
    )
    given = [line(id_, "o", attributes={"site": site}) for id_, site in (("1", "s"), ("2", "s"), ("3", "t"))]
    plan = sketch(catalogue_of(tmp_path, text), *given, line("4", "o"))
    assert plan.serves("y.go@s") == ["y@1", "y@2"]
    assert plan.after["y.go@s"] == {"x.go@s"}
    assert plan.after["y.go@t"] == {"x.go@t"}
    assert plan.after["y.go@line:4"] == {"x.go@line:4"}, "where it is empty they meet where they stand"


@pytest.mark.parametrize(
    ("across", "meant"),
    [
        ("line", {"a.go@1.1"}),
        ("bundle", {"a.go@1", "a.go@1.1", "a.go@1.2"}),
        ("order", {"a.go@1", "a.go@1.1", "a.go@1.2", "a.go@2"}),
    ],
)
def test_across_says_how_far(across: str, meant: set[str], tmp_path: Path) -> None:
    text = (
        offer("o", "a", "b")
        + technical("a", f"go: {step()}")
        + technical("b", f"go: {step('{step: a.go, across: ' + across + '}')}")
    )
    children = [line("1.1", "o"), line("1.2", "o")]
    plan = sketch(catalogue_of(tmp_path, text), line("1", "o", lines=children), line("2", "o"))
    assert plan.after["b.go@1.1"] == meant


def test_across_line_leaves_child_order_lines_out(tmp_path: Path) -> None:
    text = (
        offer("o", "a", "b")
        + technical("a", f"go: {step()}")
        + technical("b", f"go: {step('{step: a.go, across: line}')}")
    )
    plan = sketch(catalogue_of(tmp_path, text), line("1", "o", lines=[line("1.1", "o")]))
    assert plan.after["b.go@1"] == {"a.go@1"}


def test_a_step_that_serves_several_lines_climbs_from_each(tmp_path: Path) -> None:
    text = (
        offer("o", "a", "b")
        + technical("a", f"go: {step()}")
        + "---\nkind: technical_product\nid: b\n"
        + f"---\nkind: workstream\nid: w\nfor: b\nper: bundle\nsteps: {{ship: {step('a.go')}}}\n"
    )
    children = [line("1.1", "o"), line("1.2", "o")]
    plan = sketch(catalogue_of(tmp_path, text), line("1", "o", lines=children))
    assert plan.after["w.ship@1"] == {"a.go@1", "a.go@1.1", "a.go@1.2"}


def test_a_line_below_several_lines_climbs_along_each(tmp_path: Path) -> None:
    text = (
        offer("o", "a", "bill")
        + offer("p", "bill", "c")
        + technical("a", f"go: {step()}")
        + technical("c", f"go: {step()}")
        + technical("bill", f"start: {step('a.go, c.go')}", "per: order")
    )
    plan = sketch(catalogue_of(tmp_path, text), line("1", "o"), line("2", "o"), line("3", "p"))
    assert plan.after["bill.start"] == {"a.go@1", "a.go@2", "c.go@3"}


def test_across_line_includes_all_order_lines_of_a_merged_line(tmp_path: Path) -> None:
    text = (
        offer("o", "a", "bill")
        + technical("a", f"go: {step()}")
        + technical("bill", f"start: {step('{step: a.go, across: line}')}", "per: order")
    )
    plan = sketch(catalogue_of(tmp_path, text), line("1", "o"), line("2", "o"))
    assert plan.after["bill.start"] == {"a.go@1", "a.go@2"}


# A predecessor that is not there


CHAIN = (
    technical("a", f"take: {step()}")
    + technical("b", f"check: {step('a.take')}")
    + technical("c", f"mount: {step('b.check')}")
)


def test_an_absent_predecessor_is_replaced_by_its_own(tmp_path: Path) -> None:
    """Take → credit check → mount stays take → mount."""
    rules = "decomposes_to:\n  - {product: a}\n  - {product: b, when: attributes.checked}\n  - {product: c}\n"
    attributes = "attributes: {checked: {type: boolean, default: true}}\n"
    catalogue = catalogue_of(tmp_path, offer("o", more=attributes + rules) + CHAIN)
    assert sketch(catalogue, line("1", "o")).after["c.mount@1"] == {"b.check@1"}
    unchecked = sketch(catalogue, line("1", "o", attributes={"checked": False}))
    assert unchecked.after["c.mount@1"] == {"a.take@1"}


def test_a_predecessor_whose_action_is_not_the_lines_is_replaced_too(tmp_path: Path) -> None:
    text = offer("o", "a") + technical(
        "a", f"x: {step('', ', actions: [add, delete]')}, y: {step('x')}, z: {step('y', ', actions: [add, delete]')}"
    )
    plan = sketch(catalogue_of(tmp_path, text), line("1", "o", action="delete"))
    assert plan.after["a.z@1"] == {"a.x@1"}


def test_predecessor_without_a_scope_passes_its_references_on(tmp_path: Path) -> None:
    catalogue = catalogue_of(tmp_path, offer("o", "a", "c") + offer("other", "b") + CHAIN)
    assert sketch(catalogue, line("1", "o")).after["c.mount@1"] == {"a.take@1"}


@pytest.mark.parametrize("way", ["across: order", "per: order"])
def test_predecessor_that_the_order_cannot_hold_does_too(way: str, tmp_path: Path) -> None:
    mount = step("{step: b.check, across: order}") if way.startswith("across") else step("b.check", ", per: order")
    chain = CHAIN.replace(step("b.check"), mount)
    plan = sketch(catalogue_of(tmp_path, offer("o", "a", "c") + offer("other", "b") + chain), line("1", "o"))
    mounted = "c.mount" if way == "per: order" else "c.mount@1"
    assert plan.after[mounted] == {"a.take@1"}


def test_step_is_replaced_per_lowest_line_that_lacks_it(tmp_path: Path) -> None:
    """One site has a check, the other has not: its own take replaces it."""
    text = (
        offer("net", more=f"steps: {{done: {step('b.check')}}}")
        + offer(
            "site",
            more="attributes: {checked: {type: boolean, default: true}}\n"
            "decomposes_to:\n  - {product: a}\n  - {product: b, when: attributes.checked}\n  - {product: c}\n",
        )
        + CHAIN
    )
    sites = [line("x", "site"), line("y", "site", attributes={"checked": False})]
    plan = sketch(catalogue_of(tmp_path, text), line("1", "net", lines=sites))
    assert plan.after["net.done@1"] == {"b.check@x", "a.take@y"}


def test_shared_step_is_missing_on_no_line_of_its_bundle(tmp_path: Path) -> None:
    site = (
        "attributes: {leads: {type: boolean, default: false}}\n"
        "decomposes_to:\n  - {product: hub, when: attributes.leads}\n  - {product: b}\n"
    )
    text = (
        offer("net", "a")
        + offer("site", more=site)
        + technical("a", f"go: {step()}")
        + technical("hub", f"go: {step('a.go')}", "per: bundle")
        + technical("b", f"go: {step('hub.go')}")
    )
    sites = [line("x", "site", attributes={"leads": True}), line("y", "site")]
    catalogue = catalogue_of(tmp_path, text)
    plan = sketch(catalogue, line("1", "net", lines=sites))
    assert plan.after["b.go@y"] == {"hub.go@1"}
    without = sketch(catalogue, line("1", "net", lines=[line("y", "site")]))
    assert without.after["b.go@y"] == {"a.go@1"}


def test_component_that_is_left_out_lacks_its_steps_on_its_parent(tmp_path: Path) -> None:
    """The firewall waits for the routers of all sites; without a site it waits for what they would wait for."""
    net = (
        "attributes: {sites: {type: boolean, default: true}}\n"
        "components:\n  - {product: site, when: attributes.sites}\n  - {product: firewall}\n"
    )
    text = (
        offer("net", "core", more=net)
        + offer("site", "router")
        + offer("firewall", "filter")
        + technical("core", f"go: {step()}")
        + technical("router", f"go: {step('core.go')}")
        + technical("filter", f"go: {step('router.go')}")
    )
    catalogue = catalogue_of(tmp_path, text)
    assert sketch(catalogue, line("1", "net")).after["filter.go@1.firewall"] == {"router.go@1.site"}
    without = sketch(catalogue, line("1", "net", attributes={"sites": False}))
    assert without.after["filter.go@1.firewall"] == {"core.go@1"}


def test_replacements_are_replaced_if_missing_too(tmp_path: Path) -> None:
    links = "".join(
        technical(f"p{at}", f"go: {step(f'p{at - 1}.go' if at else '')}", "no_work_for: [add]") for at in range(400)
    )
    rules = "".join(
        f"  - {{product: p{at}, when: '{'true' if at in (0, 399) else 'quantity > 5'}'}}\n" for at in range(400)
    )
    plan = sketch(catalogue_of(tmp_path, offer("o", more=f"decomposes_to:\n{rules}") + links), line("1", "o"))
    assert plan.after == {"p0.go@1": set(), "p399.go@1": {"p0.go@1"}}


# An offer's dependencies


def test_dependencies_add_arrows_within_an_order_line_of_the_offer(tmp_path: Path) -> None:
    text = (
        offer("o", "a", "b", more="dependencies: {b.go: [a.go]}")
        + offer("p", "a", "b")
        + technical("a", f"go: {step()}")
        + technical("b", f"go: {step()}")
    )
    plan = sketch(catalogue_of(tmp_path, text), line("1", "o"), line("2", "o"), line("3", "p"))
    assert plan.after["b.go@1"] == {"a.go@1"}
    assert plan.after["b.go@2"] == {"a.go@2"}
    assert plan.after["b.go@3"] == set()


def test_dependencies_reach_lines_under_the_order_line(tmp_path: Path) -> None:
    text = (
        offer("net", "bill", more="dependencies: {bill.go: [router.go]}")
        + offer("site", "router")
        + technical("bill", f"go: {step()}")
        + technical("router", f"go: {step()}")
    )
    plan = sketch(catalogue_of(tmp_path, text), line("1", "net", lines=[line("x", "site")]), line("2", "site"))
    assert plan.after["bill.go@1"] == {"router.go@x"}


def test_both_ends_of_a_dependency_stay_within_the_order_line(tmp_path: Path) -> None:
    """Also where a step is there once for the whole order."""
    text = (
        offer("o", "a", "ship", more="dependencies: {ship.go: [a.go]}")
        + offer("p", "a", "ship")
        + technical("a", f"go: {step()}")
        + technical("ship", f"go: {step('', ', per: order')}")
    )
    plan = sketch(catalogue_of(tmp_path, text), line("1", "o"), line("2", "p"))
    assert plan.after["ship.go"] == {"a.go@1"}


def test_replacement_in_a_dependency_stays_within_the_order_line(tmp_path: Path) -> None:
    more = (
        "attributes: {b: {type: boolean, default: true}}\n"
        "decomposes_to:\n  - {product: a}\n  - {product: b, when: attributes.b}\n  - {product: c}\n"
        "dependencies: {c.go: [b.go]}\n"
    )
    text = (
        offer("o", more=more)
        + technical("a", f"go: {step()}")
        + technical("b", f"go: {step('{step: a.go, across: order}')}")
        + technical("c", f"go: {step()}")
    )
    plan = sketch(catalogue_of(tmp_path, text), line("1", "o", attributes={"b": False}), line("2", "o"))
    assert plan.after["c.go@1"] == {"a.go@1"}


def test_missing_predecessor_passes_on_its_dependencies(tmp_path: Path) -> None:
    more = (
        "attributes: {b: {type: boolean, default: true}}\n"
        "decomposes_to:\n  - {product: a}\n  - {product: b, when: attributes.b}\n  - {product: c}\n"
        "dependencies: {b.go: [a.go]}\n"
    )
    text = (
        offer("o", more=more)
        + technical("a", f"go: {step()}")
        + technical("b", f"go: {step()}")
        + technical("c", f"go: {step('b.go')}")
    )
    plan = sketch(catalogue_of(tmp_path, text), line("1", "o", attributes={"b": False}))
    assert plan.after["c.go@1"] == {"a.go@1"}


# relies_on


SIMPLE = offer("o", "a") + technical("a", f"x: {step()}, y: {step('x')}")


def test_relies_on_makes_first_steps_wait_for_last_ones(tmp_path: Path) -> None:
    plan = sketch(catalogue_of(tmp_path, SIMPLE), line("1", "o"), line("2", "o", relies_on=["1"]))
    assert plan.after["a.x@2"] == {"a.y@1"}
    assert plan.after["a.y@2"] == {"a.x@2"}


def test_relies_on_holds_for_lines_under_both(tmp_path: Path) -> None:
    text = SIMPLE + offer("net", more=f"steps: {{n: {step()}}}")
    lines = [
        line("1", "net", lines=[line("1.1", "o")]),
        line("2", "net", lines=[line("2.1", "o")], relies_on=["1"]),
    ]
    plan = sketch(catalogue_of(tmp_path, text), *lines)
    assert plan.after["a.x@2.1"] == {"a.y@1.1", "net.n@1"}
    assert plan.after["net.n@2"] == {"a.y@1.1", "net.n@1"}


def test_a_step_that_serves_both_lines_is_left_out(tmp_path: Path) -> None:
    text = offer("o", "a", "bill") + technical("a", f"go: {step()}") + technical("bill", f"go: {step()}", "per: order")
    plan = sketch(catalogue_of(tmp_path, text), line("1", "o"), line("2", "o", relies_on=["1"]))
    assert plan.after == {"a.go@1": set(), "bill.go": set(), "a.go@2": {"a.go@1"}}


def test_several_lines_relied_on_are_combined(tmp_path: Path) -> None:
    lines = [line("1", "o"), line("2", "o", relies_on=["1"]), line("3", "o", relies_on=["1", "2"])]
    plan = sketch(catalogue_of(tmp_path, SIMPLE), *lines)
    assert plan.after["a.x@3"] == {"a.y@1", "a.y@2"}, "first and last are judged without such arrows"


@pytest.mark.parametrize(
    "lines",
    [
        [line("1", "o", relies_on=["1"])],
        [line("1", "o", relies_on=["2"]), line("2", "o", relies_on=["1"])],
        [line("1", "o", lines=[line("1.1", "o", relies_on=["1"])])],
        [line("1", "o", lines=[line("1.1", "o")], relies_on=["1.1"])],
        [line("1", "o", lines=[line("1.1", "o", relies_on=["2"])]), line("2", "o", relies_on=["1"])],
    ],
)
def test_cycle_of_relies_on_rejects_with_its_lines(lines: list[dict[str, object]], tmp_path: Path) -> None:
    message = only(rejected(catalogue_of(tmp_path, SIMPLE), *lines), "relies-on-ring")
    assert all(str(one["id"]) in message for one in lines)


def test_relies_on_unknown_line_is_reported_with_a_similar_one(tmp_path: Path) -> None:
    findings = rejected(catalogue_of(tmp_path, SIMPLE), line("main", "o"), line("2", "o", relies_on=["mian"]))
    assert "did you mean `main`?" in only(findings, "reference-unknown")


def test_cycle_of_steps_rejects_with_its_path(tmp_path: Path) -> None:
    text = (
        offer("o", "a")
        + "---\nkind: technical_product\nid: a\n"
        + "---\nkind: workstream\nid: w\nfor: a\n"
        + f"steps: {{x: {step()}, y: {step('x', ', per: order')}, z: {step('y')}}}\n"
    )
    findings = rejected(catalogue_of(tmp_path, text), line("1", "o"), line("2", "o", relies_on=["1"]))
    assert "w.y → w.z@a@1 → w.x@a@2 → w.y" in only(findings, "cycle-plan")


def test_plan_with_too_many_predecessors_is_rejected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    catalogue = catalogue_of(tmp_path, offer("o", "a") + technical("a", f"x: {step()}, y: {step('x')}"))
    monkeypatch.setattr("compiler.composition.compose.EDGE_LIMIT", 1)
    assert sketch(catalogue, line("1", "o")).after["a.y@1"] == {"a.x@1"}
    assert "from `a.y@2` on" in only(rejected(catalogue, line("1", "o"), line("2", "o")), "order-too-large")
