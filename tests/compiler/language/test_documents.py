"""Documents: kinds, ids, keys; every unknown key, missing key and wrong type is one finding at its place."""

from __future__ import annotations

import pytest

from tests.support.written_catalogues import HUB, OFFER, catalogue_in, errors_of, findings_of, told

PRODUCT = "kind: commercial_product\nid: p\n"
STEP = PRODUCT + "steps:\n  go: %s\n"


def test_a_document_says_its_kind() -> None:
    told("«id: p", "kind-missing", "`kind` is missing", "commercial_product")


def test_kind_in_other_letters_is_told_how_to_write_it() -> None:
    told("«Kind: commercial_product\nid: p", "kind-missing", "`Kind` must be written `kind`")


@pytest.mark.parametrize("kind", ["commercial product", "Commercial_Product", "comercial_product"])
def test_an_unknown_kind_is_told_the_near_one(kind: str) -> None:
    told(f"kind: «{kind}\nid: p", "kind-unknown", "did you mean `commercial_product`?")


@pytest.mark.parametrize("kind", ["7", "[a]", "null"])
def test_a_kind_that_is_no_text_is_unknown(kind: str) -> None:
    assert [finding.code for finding in errors_of(f"kind: {kind}\nid: p")] == ["kind-unknown"]


def test_a_document_that_is_no_mapping_is_told_so() -> None:
    told("«- a\n- b\n", "type-wrong", "begins with `kind: …`")


@pytest.mark.parametrize(
    ("written", "meant"), [("Home Security", "home_security"), ("home-security", "home_security"), ("A1", "a1")]
)
def test_an_id_that_cannot_stand_in_an_expression_is_told_one_that_can(written: str, meant: str) -> None:
    told(f"kind: commercial_product\nid: «{written}", "id-invalid", f"write for example `{meant}`")


@pytest.mark.parametrize("word", ["in", "true", "null"])
def test_a_word_of_the_expression_language_is_no_id(word: str) -> None:
    assert len(errors_of(f'kind: commercial_product\nid: "{word}"')) == 1


def test_two_of_one_kind_cannot_have_one_id_and_the_first_is_named() -> None:
    told("kind: retry\nid: r\n---\nkind: retry\nid: «r", "id-duplicate", "`r` is defined twice", ":2:5")


def test_products_and_workstreams_share_their_ids() -> None:
    told(PRODUCT + "---\nkind: workstream\nid: «p\nfor: p\nsteps: {go: {milestone: true}}", "id-duplicate")


def test_other_kinds_have_ids_of_their_own() -> None:
    text = PRODUCT + "---\nkind: system\nid: p\nbase_url: http://x\n---\nkind: retry\nid: p\n"
    assert findings_of(text) == []


def test_an_unknown_key_is_told_the_near_one() -> None:
    told(PRODUCT + "«atributes: {}", "key-unknown", "`atributes`", "did you mean `attributes`?")


def test_an_unknown_key_that_is_near_nothing_is_told_what_is_known() -> None:
    told("kind: retry\nid: r\n«colour: red", "key-unknown", "known here: backoff")


def test_keys_deep_inside_are_judged_too() -> None:
    told(
        STEP % "{call: {system: s, get: /, «boddy: {}}}" + "---\nkind: system\nid: s\nbase_url: x",
        "key-unknown",
        "`body`",
    )


def test_a_missing_key_is_told_where_it_belongs() -> None:
    told(STEP % "{event: {key: x}}", "key-missing", "`name` is missing in `event`")


def test_a_misspelt_key_is_not_missing_as_well() -> None:
    told("kind: system\nid: s\n«bas_url: x", "key-unknown", "`base_url`")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (PRODUCT + "code: «17", ("`code` must be text", "put it in quotes")),
        (PRODUCT + "decomposes_to: «{product: x}", ("must be a list", "is a mapping")),
        (PRODUCT + "steps: «[a]", ("must be a mapping", "is a list")),
        ("kind: retry\nid: r\nmax_attempts: «many", ("must be a whole number", "`many`")),
        ("kind: retry\nid: r\nbackoff: «fast", ("must be a number",)),
    ],
)
def test_a_value_of_the_wrong_type_is_told_what_is_right(text: str, words: tuple[str, ...]) -> None:
    told(text, "type-wrong", *words)


def test_a_step_does_exactly_one_thing() -> None:
    told(STEP % "«{milestone: true, activity: x}", "value-invalid", "exactly one of", "activity and milestone")
    told(STEP % "«{name: x}", "value-invalid", "it has none")


def test_a_call_has_exactly_one_method() -> None:
    told(STEP % "{call: «{system: s, get: /, post: /}}", "value-invalid", "get and post")


def test_a_call_completes_by_callback_or_poll_not_by_both() -> None:
    call = "{call: «{system: s, get: /, callback: {within: 1d}, poll: {get: /, until: 'true'}}}"
    told(STEP % call, "value-invalid", "not by both")


@pytest.mark.parametrize("wait", ["{}", "{for: 1d, until: x}", "{for: 1d, within: 2d}"])
def test_a_wait_waits_for_one_thing(wait: str) -> None:
    told(STEP % f"{{wait: «{wait}}}", "value-invalid")


def test_a_milestone_is_true() -> None:
    told(STEP % "{milestone: «yes}", "value-invalid", "must be true", "`yes`")


def test_a_list_written_as_one_text_is_told_how_lists_are_written() -> None:
    told(STEP % '{milestone: true, actions: «"add, delete"}', "value-invalid", "`[add, delete]`")


def test_x_and_a_list_of_x_are_the_same_where_one_is_usual() -> None:
    one = catalogue_in(STEP % "{milestone: true, actions: delete, after: []}")
    many = catalogue_in(STEP % "{milestone: true, actions: [delete]}")
    assert one.version == many.version


def test_a_secret_that_stands_in_a_definition_is_not_repeated_in_the_finding() -> None:
    system = "kind: system\nid: s\nbase_url: x\nauth: {bearer: «hunter2}"
    assert "hunter2" not in told(system, "value-invalid", "{env: NAME}")


def test_codes_are_unique_and_are_no_other_products_id() -> None:
    told(PRODUCT + "code: A\n---\nkind: commercial_product\nid: q\ncode: «A", "code-duplicate", "`p`")
    told(PRODUCT + "code: «q\n---\nkind: commercial_product\nid: q\n", "code-duplicate", "id of another product")


def test_every_mistake_is_told_at_once_in_the_order_of_their_places() -> None:
    text = PRODUCT + "nme: x\ncode: 1\n---\nkind: retry\nid: r\nbackof: 1\n---\nkind: sytem\nid: s\n"
    assert [(one.line, one.code) for one in errors_of(text)] == [
        (3, "key-unknown"), (4, "type-wrong"), (8, "key-unknown"), (10, "kind-unknown"),
    ]  # fmt: skip


def test_what_refers_to_a_document_that_could_not_be_read_is_not_told_of() -> None:
    offer = "decomposes_to: [{product: hub}]\ndependencies: {offer.go: [hub.reserve]}\n"
    text = OFFER + offer + "steps: {go: {activity: x, with: {a: '${workstreams.hub.reserve.outputs}'}}}" + HUB
    told(text.replace("kind: technical_product", "«kindd: technical_product"), "kind-missing")


def test_a_class_gives_its_attributes_and_rules_and_the_products_own_stand_in_their_place() -> None:
    text = (
        "kind: product_class\nid: c\nattributes: {a: {type: string, default: x}, b: {type: integer, default: 1}}\n"
        "decomposes_to: [{product: hub, quantity: 2}, {product: hub, as: spare}]\n---\n"
        "kind: commercial_product\nid: p\nclass: c\nattributes: {b: {type: integer, default: 5}}\n"
        "decomposes_to: [{product: hub, quantity: 3}]\n" + HUB
    )
    product = catalogue_in(text).products["p"]
    assert {name: one.default for name, one in product.attributes.items()} == {"a": "x", "b": 5}
    assert [(rule.as_, rule.quantity) for rule in product.decomposes_to] == [("spare", None), (None, "3")]


def test_of_one_definition_fifty_mistakes_are_told_and_that_there_are_more() -> None:
    keys = "".join(f"wrong_{at}: 1\n" for at in range(80))
    found = errors_of(PRODUCT + keys)
    assert [one.code for one in found].count("key-unknown") == 50
    assert [one.code for one in found].count("findings-left-out") == 1


def test_of_a_catalogue_a_thousand_mistakes_are_told_and_that_there_are_more() -> None:
    offers = "---\n".join(
        f"kind: commercial_product\nid: p{at}\ndecomposes_to: [{{product: missing_{at}}}]\n" for at in range(1_100)
    )
    found = errors_of(offers)
    assert len(found) in (1_000, 1_001)
    assert [one.code for one in found].count("findings-left-out") == 1
