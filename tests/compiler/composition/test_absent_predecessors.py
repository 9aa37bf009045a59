"""Where a predecessor that is missing would stand: an option that is not taken changes no order among other steps."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.compiler.plan_sketch import Sketch, catalogue_of, line, sketch

OPTION = "attributes: {option: {type: boolean, default: false}}\n"


def after_with_and_without(tmp_path: Path, text: str, *others: str) -> tuple[Sketch, Sketch]:
    """The plans of line 1 with `option` and without it, each beside a line of every other offer."""
    catalogue = catalogue_of(tmp_path, text)
    beside = [line(str(at), product) for at, product in enumerate(others, 2)]
    on, off = ({"option": True}, {"option": False})
    return (
        sketch(catalogue, line("1", "offer", attributes=on), *beside),
        sketch(catalogue, line("1", "offer", attributes=off), *beside),
    )


SIGNED = """
    kind: commercial_product
    id: offer
    attributes: {option: {type: boolean, default: false}}
    decomposes_to: [{product: access}, {product: sim, when: attributes.option}]
    ---
    {kind: commercial_product, id: managed, decomposes_to: [{product: project}]}
    ---
    kind: technical_product
    id: access
    steps: {deliver: {milestone: true}, test: {after: [contract.sign], milestone: true}}
    ---
    {kind: technical_product, id: sim, decomposes_to: SIM_RULES}
    ---
    {kind: technical_product, id: project, per: PER, decomposes_to: PROJECT_RULES}
    ---
    {kind: technical_product, id: part}
    ---
    kind: workstream
    id: contract
    for: [FOR]
    steps: {sign: {after: [access.deliver], milestone: true}}
    """


def signed(per: str, for_: str, sim: str = "[]", project: str = "[]") -> str:
    text = SIGNED.replace("PER", per).replace("FOR", for_)
    return text.replace("SIM_RULES", sim).replace("PROJECT_RULES", project)


@pytest.mark.parametrize("for_", ["sim, project", "part"])
def test_what_stands_once_of_another_product_or_on_another_path_is_not_the_missing_one(
    for_: str, tmp_path: Path
) -> None:
    part = "[{product: part}]" if for_ == "part" else "[]"
    text = signed("order", for_, part, part)
    on, off = after_with_and_without(tmp_path, text, "managed")
    serving = "contract.sign@sim@1" if for_ != "part" else "contract.sign@part@1"
    assert on.after["access.test@1"] == {serving}
    assert off.after["access.test@1"] == {"access.deliver@1"}
    shared = "contract.sign@project" if for_ != "part" else "contract.sign@part"
    assert off.after[shared] == set()


def test_what_stands_once_and_could_be_brought_here_is_not_missing(tmp_path: Path) -> None:
    text = signed("order", "sim, project", "[{product: project}]")
    _, off = after_with_and_without(tmp_path, text, "managed")
    assert off.after["access.test@1"] == {"contract.sign@project", "access.deliver@1"}, "the SIM's is missing"
    part = signed("order", "part", "[{product: project}]", "[{product: part}]")
    on, off = after_with_and_without(tmp_path / "part", part, "managed")
    assert on.after["access.test@1"] == off.after["access.test@1"] == {"contract.sign@part"}


def test_lines_with_another_name_are_not_the_missing_one(tmp_path: Path) -> None:
    text = signed("order", "project", "[{product: project, as: own}]")
    on, off = after_with_and_without(tmp_path, text, "managed")
    assert on.after["access.test@1"] == {"contract.sign@project~own"}
    assert off.after["access.test@1"] == {"access.deliver@1"}


def test_sound_orders_that_rely_on_each_other_are_not_refused(tmp_path: Path) -> None:
    catalogue = catalogue_of(tmp_path, signed("order", "sim, project"))
    plan = sketch(catalogue, line("1", "offer"), line("2", "managed", relies_on=["1"]))
    assert plan.after["contract.sign@project"] == {"access.test@1"}


def test_missing_step_stands_below_the_lowest_line_that_exists(tmp_path: Path) -> None:
    text = f"""
    kind: commercial_product
    id: offer
    {OPTION.strip()}
    decomposes_to: [{{product: router}}]
    steps: {{handover: {{after: [sim.activate], milestone: true}}}}
    ---
    kind: technical_product
    id: router
    {OPTION.strip()}
    decomposes_to: [{{product: psu}}, {{product: sim, when: attributes.option}}]
    ---
    {{kind: technical_product, id: psu}}
    ---
    {{kind: technical_product, id: sim, steps: {{activate: {{after: [delivery.deliver], milestone: true}}}}}}
    ---
    {{kind: workstream, id: delivery, for: [router, psu], steps: {{deliver: {{milestone: true}}}}}}
    """
    on, off = after_with_and_without(tmp_path, text)
    both = {"delivery.deliver@router@1", "delivery.deliver@psu@1"}
    assert on.after["sim.activate@1"] == both
    assert off.after["offer.handover@1"] == both


SHIPPED = """
    kind: commercial_product
    id: offer
    attributes: {option: {type: boolean, default: false}}
    decomposes_to: [{product: hub}, {product: monitoring}, {product: kit, when: attributes.option}]
    ---
    {kind: technical_product, id: hub}
    ---
    {kind: technical_product, id: kit, decomposes_to: [{product: camera}]}
    ---
    {kind: technical_product, id: camera, steps: {activate: {after: [shipment.ship], milestone: true}}}
    ---
    {kind: technical_product, id: monitoring, steps: {start: {after: [camera.activate], milestone: true}}}
    ---
    kind: workstream
    id: shipment
    for: [hub, WHAT]
    steps: {pick: {milestone: true}, ship: {after: [pick], milestone: true}}
    """


@pytest.mark.parametrize("what", ["camera", "kit"])
def test_missing_step_looks_on_its_own_missing_lines_first(what: str, tmp_path: Path) -> None:
    """The camera's own shipment is missing, too; the hub's was never its predecessor."""
    on, off = after_with_and_without(tmp_path, SHIPPED.replace("WHAT", what))
    assert on.after["camera.activate@1"] == {f"shipment.ship@{what}@1"}
    assert off.after["monitoring.start@1"] == set()


def test_missing_component_stands_below_the_line_it_is_a_component_of(tmp_path: Path) -> None:
    """Its router's shipment is missing with it, and the core's was never its predecessor."""
    text = """
    kind: commercial_product
    id: offer
    attributes: {option: {type: boolean, default: false}}
    components: [{product: site, when: attributes.option}, {product: firewall}]
    decomposes_to: [{product: core}]
    ---
    {kind: commercial_product, id: site, decomposes_to: [{product: router}]}
    ---
    {kind: commercial_product, id: firewall, decomposes_to: [{product: filter}]}
    ---
    {kind: technical_product, id: core}
    ---
    {kind: technical_product, id: router, steps: {register: {after: [shipment.ship], milestone: true}}}
    ---
    {kind: technical_product, id: filter, steps: {open: {after: [router.register], milestone: true}}}
    ---
    {kind: workstream, id: shipment, for: [core, router], steps: {ship: {milestone: true}}}
    """
    on, off = after_with_and_without(tmp_path, text)
    assert on.after["filter.open@1.firewall"] == {"router.register@1.site"}
    assert on.after["router.register@1.site"] == {"shipment.ship@router@1.site"}
    assert off.after["filter.open@1.firewall"] == set()


# Lines that stand once for a bundle


SHARED = """
    kind: commercial_product
    id: wan
    attributes: {region: {type: string, default: north}}
    decomposes_to: [{product: platform}]
    steps: {order: {milestone: true}, ready: {after: [controller.up], milestone: true}}
    ---
    {kind: commercial_product, id: wall, decomposes_to: [{product: firewall}]}
    ---
    {kind: technical_product, id: platform, per: attributes.region, decomposes_to: [{product: controller}]}
    ---
    kind: technical_product
    id: controller
    per: bundle
    decomposes_to: [{product: port}]
    steps: {up: {milestone: true, per: STEP_PER}, test: {after: [wan.order], milestone: true, per: STEP_PER}}
    ---
    {kind: technical_product, id: port, per: PORT_PER, steps: {on: {milestone: true}}}
    ---
    kind: technical_product
    id: firewall
    steps:
      open: {after: [controller.up, port.on], milestone: true}
      all: {after: [{step: controller.up, across: bundle}], milestone: true}
    """


@pytest.mark.parametrize(("step_per", "port_per"), [("line", "line"), ("bundle", "bundle")])
def test_lines_per_bundle_count_for_their_own_top_level_line_only(step_per: str, port_per: str, tmp_path: Path) -> None:
    text = SHARED.replace("STEP_PER", step_per).replace("PORT_PER", port_per)
    catalogue = catalogue_of(tmp_path, text)
    plan = sketch(catalogue, line("1", "wan"), line("2", "wall", lines=[line("2.1", "wan")]))
    assert set(plan.lines) == {"platform@north", "controller@1", "controller@2", "port@1", "port@2", "firewall@2"}
    assert plan.after["firewall.open@2"] == {"controller.up@2", "port.on@2"}
    assert plan.after["firewall.all@2"] == {"controller.up@2"}
    assert plan.after["controller.test@1"] == {"wan.order@1"}
    assert plan.after["controller.test@2"] == {"wan.order@2.1"}
    assert plan.after["wan.ready@1"] == {"controller.up@1"}
    assert plan.after["wan.ready@2.1"] == {"controller.up@2"}
    assert plan.serves("controller.up@1") == ["controller@1"]
    assert plan.lines["port@1"].sources == ("controller@1",)


def test_a_line_that_relies_on_another_has_its_own_bundles_lines(tmp_path: Path) -> None:
    """The second controller serves the second line only, so that it waits for all of the first."""
    catalogue = catalogue_of(tmp_path, SHARED.replace("STEP_PER", "line").replace("PORT_PER", "line"))
    plan = sketch(catalogue, line("1", "wan"), line("2", "wan", relies_on=["1"]))
    assert plan.after["wan.ready@1"] == {"controller.up@1"}
    assert plan.after["controller.up@2"] == {"wan.ready@1", "controller.test@1", "port.on@1"}


# Steps per the same expression


def by_site(access: str, router: str = "", more: str = "") -> str:
    return f"""
    kind: commercial_product
    id: offer
    attributes: {{site: {{type: string}}}}
    decomposes_to: [{{product: access}}, {{product: phone}}{more}]
    ---
    {{kind: technical_product, id: access, {access} decomposes_to: [{{product: router}}]}}
    ---
    kind: technical_product
    id: router
    {router}
    attributes: {{site: {{type: string}}}}
    steps: {{boot: {{milestone: true}}, register: {{per: attributes.site, after: [boot], milestone: true}}}}
    ---
    kind: technical_product
    id: phone
    attributes: {{site: {{type: string}}}}
    steps: {{activate: {{per: attributes.site, after: [router.register], milestone: true}}}}
    """


KEEPS = "attributes: {site: {type: string}},"


@pytest.mark.parametrize("per", ["", "per: bundle", "per: order"])
def test_steps_without_a_value_are_found_by_their_place(per: str, tmp_path: Path) -> None:
    plan = sketch(catalogue_of(tmp_path, by_site("", per)), line("1", "offer", attributes={"site": "s"}))
    registered = next(id_ for id_ in plan.after if id_.startswith("router.register"))
    assert registered.startswith("router.register@line:")
    assert plan.after["phone.activate@s"] == {registered}


def test_steps_with_a_value_are_found_by_it_wherever_they_stand(tmp_path: Path) -> None:
    lines = [line(str(at), "offer", attributes={"site": site}) for at, site in enumerate("sst", 1)]
    plan = sketch(catalogue_of(tmp_path, by_site(KEEPS)), *lines)
    assert plan.after["phone.activate@s"] == {"router.register@s"}
    assert plan.after["phone.activate@t"] == {"router.register@t"}


def test_a_line_may_have_steps_with_and_without_a_value(tmp_path: Path) -> None:
    more = ", {product: router, as: spare, attributes: {site: ''}}"
    plan = sketch(catalogue_of(tmp_path, by_site(KEEPS, "", more)), line("1", "offer", attributes={"site": "s"}))
    assert plan.after["phone.activate@s"] == {"router.register@s", "router.register@line:1~spare"}


def test_steps_of_another_value_are_replaced_by_what_comes_before_them(tmp_path: Path) -> None:
    text = by_site("").replace("{product: router}", "{product: router, attributes: {site: u}}")
    plan = sketch(catalogue_of(tmp_path, text), line("1", "offer", attributes={"site": "s"}))
    assert plan.after["phone.activate@s"] == {"router.boot@1"}


# Rule 5


CHILDREN = """
    {kind: commercial_product, id: wan, components: [{product: site}, {product: wall}EXTRA]}
    ---
    {kind: commercial_product, id: site, decomposes_to: [{product: router}]}
    ---
    {kind: commercial_product, id: wall, decomposes_to: [{product: firewall}]}
    ---
    {kind: technical_product, id: router, steps: {register: {milestone: true}}}
    ---
    {kind: technical_product, id: firewall, steps: {open: {after: [router.register], milestone: true}}}
    ---
    {kind: KIND, id: both, decomposes_to: [{product: router}, {product: firewall}]}
    """


@pytest.mark.parametrize(
    ("kind", "extra", "meant"),
    [
        ("technical_product", "", {"router.register@1.1"}),
        ("commercial_product", "", {"router.register@1.1"}),
        ("commercial_product", ", {product: both, when: 'false'}", set()),
    ],
)
def test_only_what_the_orders_own_offers_can_bring_counts(
    kind: str, extra: str, meant: set[str], tmp_path: Path
) -> None:
    """A new offer that brings both steps into one order line leaves the orders of other offers as they are."""
    catalogue = catalogue_of(tmp_path, CHILDREN.replace("KIND", kind).replace("EXTRA", extra))
    plan = sketch(catalogue, line("1", "wan", lines=[line("1.1", "site"), line("1.2", "wall")]))
    assert plan.after["firewall.open@1.2"] == meant
