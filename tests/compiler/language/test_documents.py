"""Documents: kinds, ids, keys; every unknown key, missing key and wrong type is one finding at its place."""

from __future__ import annotations

import pytest

from tests.support.compiler.written_catalogues import HUB, OFFER, assert_error, catalogue_in, errors_of

PRODUCT = "kind: commercial_product\nid: p\n"
STEP = PRODUCT + "steps:\n  go: %s\n"


def test_document_needs_a_kind() -> None:
    assert_error("«id: p", "kind-missing", "`kind` is missing", "commercial_product")


def test_kind_in_other_case_gets_a_hint() -> None:
    assert_error("«Kind: commercial_product\nid: p", "kind-missing", "`Kind` must be written `kind`")


@pytest.mark.parametrize("kind", ["commercial product", "Commercial_Product", "comercial_product"])
def test_unknown_kind_suggests_a_similar_one(kind: str) -> None:
    assert_error(f"kind: «{kind}\nid: p", "kind-unknown", "did you mean `commercial_product`?")


@pytest.mark.parametrize("kind", ["7", "[a]", "null"])
def test_kind_that_is_not_text_is_unknown(kind: str) -> None:
    assert [finding.code for finding in errors_of(f"kind: {kind}\nid: p")] == ["kind-unknown"]


def test_document_must_be_a_mapping() -> None:
    assert_error("«- a\n- b\n", "type-wrong", "begins with `kind: …`")


@pytest.mark.parametrize(
    ("written", "meant"), [("Home Security", "home_security"), ("home-security", "home_security"), ("A1", "a1")]
)
def test_id_that_expressions_cannot_use_gets_a_suggestion(written: str, meant: str) -> None:
    assert_error(f"kind: commercial_product\nid: «{written}", "id-invalid", f"write for example `{meant}`")


@pytest.mark.parametrize("word", ["in", "true", "null"])
def test_reserved_word_is_not_an_id(word: str) -> None:
    assert len(errors_of(f'kind: commercial_product\nid: "{word}"')) == 1


def test_duplicate_id_names_the_first_definition() -> None:
    assert_error("kind: retry\nid: r\n---\nkind: retry\nid: «r", "id-duplicate", "`r` is defined twice", ":2:5")


def test_products_and_workstreams_share_their_ids() -> None:
    assert_error(PRODUCT + "---\nkind: workstream\nid: «p\nfor: p\nsteps: {go: {milestone: true}}", "id-duplicate")


def test_other_kinds_have_separate_namespaces() -> None:
    text = PRODUCT + "---\nkind: system\nid: p\nbase_url: http://x\n---\nkind: retry\nid: p\n"
    assert errors_of(text) == []


def test_words_of_other_systems_are_translated() -> None:
    step = PRODUCT + "steps: {go: {milestone: true, actions: [«change]}}"
    assert_error(step, "value-invalid", "did you mean `modify`?")
    assert_error(PRODUCT + "attributes: {a: {type: «text}}", "value-invalid", "did you mean `string`?")
    key = PRODUCT + "steps: {a: {milestone: true}, go: {milestone: true, «depends_on: a}}"
    assert_error(key, "key-unknown", "did you mean `after`?")


def test_unknown_key_suggests_a_similar_one() -> None:
    assert_error(PRODUCT + "«atributes: {}", "key-unknown", "`atributes`", "did you mean `attributes`?")


def test_unknown_key_without_similar_one_lists_known_keys() -> None:
    assert_error("kind: retry\nid: r\n«colour: red", "key-unknown", "known here: backoff")


def test_nested_keys_are_checked() -> None:
    assert_error(
        STEP % "{call: {system: s, get: /, «boddy: {}}}" + "---\nkind: system\nid: s\nbase_url: http://x",
        "key-unknown",
        "`body`",
    )


def test_missing_key_is_reported_where_it_belongs() -> None:
    assert_error(STEP % "{event: {key: x}}", "key-missing", "`name` is missing in `event`")


def test_misspelt_key_is_not_reported_as_missing_too() -> None:
    assert_error("kind: system\nid: s\n«bas_url: x", "key-unknown", "`base_url`")


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
def test_value_of_wrong_type_names_the_right_type(text: str, words: tuple[str, ...]) -> None:
    assert_error(text, "type-wrong", *words)


def test_step_needs_exactly_one_kind() -> None:
    assert_error(STEP % "«{milestone: true, activity: x}", "value-invalid", "exactly one of", "activity and milestone")
    assert_error(STEP % "«{name: x}", "value-invalid", "it has none")


def test_call_needs_exactly_one_method() -> None:
    assert_error(STEP % "{call: «{system: s, get: /, post: /}}", "value-invalid", "get and post")


def test_call_cannot_have_callback_and_poll() -> None:
    call = "{call: «{system: s, get: /, callback: {within: 1d}, poll: {get: /, until: 'true'}}}"
    assert_error(STEP % call, "value-invalid", "not by both")


@pytest.mark.parametrize("wait", ["{}", "{for: 1d, until: x}", "{for: 1d, within: 2d}"])
def test_wait_needs_exactly_one_condition(wait: str) -> None:
    assert_error(STEP % f"{{wait: «{wait}}}", "value-invalid")


def test_milestone_must_be_true() -> None:
    assert_error(STEP % "{milestone: «yes}", "value-invalid", "must be true", "`yes`")


def test_list_written_as_text_gets_a_hint() -> None:
    assert_error(STEP % '{milestone: true, actions: «"add, delete"}', "value-invalid", "`[add, delete]`")


def test_single_value_is_read_as_a_list() -> None:
    one = catalogue_in(STEP % "{milestone: true, actions: delete, after: []}")
    many = catalogue_in(STEP % "{milestone: true, actions: [delete]}")
    assert one.version == many.version


def test_finding_does_not_show_a_secret() -> None:
    system = "kind: system\nid: s\nbase_url: http://x\nauth: {bearer: «hunter2}"
    assert "hunter2" not in assert_error(system, "value-invalid", "{env: NAME}")


def test_codes_are_unique_and_differ_from_ids_of_other_products() -> None:
    assert_error(PRODUCT + "code: A\n---\nkind: commercial_product\nid: q\ncode: «A", "code-duplicate", "`p`")
    assert_error(
        PRODUCT + "code: «q\n---\nkind: commercial_product\nid: q\n", "code-duplicate", "id of another product"
    )


def test_all_errors_are_reported_sorted_by_position() -> None:
    text = PRODUCT + "nme: x\ncode: 1\n---\nkind: retry\nid: r\nbackof: 1\n---\nkind: sytem\nid: s\n"
    assert [(one.line, one.code) for one in errors_of(text)] == [
        (3, "key-unknown"), (4, "type-wrong"), (8, "key-unknown"), (10, "kind-unknown"),
    ]  # fmt: skip


def test_references_to_invalid_documents_are_not_reported() -> None:
    offer = "decomposes_to: [{product: hub}]\ndependencies: {offer.go: [hub.reserve]}\n"
    text = OFFER + offer + "steps: {go: {activity: x, with: {a: '${workstreams.hub.reserve.outputs}'}}}" + HUB
    assert_error(text.replace("kind: technical_product", "«kindd: technical_product"), "kind-missing")


def test_class_is_inherited_and_own_rules_replace_its_rules() -> None:
    text = (
        "kind: product_class\nid: c\nattributes: {a: {type: string, default: x}, b: {type: integer, default: 1}}\n"
        "decomposes_to: [{product: hub, quantity: 2}, {product: hub, as: spare}]\n---\n"
        "kind: commercial_product\nid: p\nclass: c\nattributes: {b: {type: integer, default: 5}}\n"
        "decomposes_to: [{product: hub, quantity: 3}]\n" + HUB
    )
    product = catalogue_in(text).products["p"]
    assert {name: one.default for name, one in product.attributes.items()} == {"a": "x", "b": 5}
    assert [(rule.as_, rule.quantity) for rule in product.decomposes_to] == [(None, "3"), ("spare", None)]


def test_findings_of_one_definition_are_limited() -> None:
    keys = "".join(f"wrong_{at}: 1\n" for at in range(80))
    found = errors_of(PRODUCT + keys)
    assert [one.code for one in found].count("key-unknown") == 50
    assert [one.code for one in found].count("findings-left-out") == 1


def test_findings_of_a_catalogue_are_limited() -> None:
    offers = "---\n".join(
        f"kind: commercial_product\nid: p{at}\ndecomposes_to: [{{product: missing_{at}}}]\n" for at in range(1_100)
    )
    found = errors_of(offers)
    assert len(found) in (1_000, 1_001)
    assert [one.code for one in found].count("findings-left-out") == 1
