"""A block that is indented too far gives one finding, at its key."""

from __future__ import annotations

import pytest

from compiler.language.documents import CommercialProductDocument
from compiler.source.deep_blocks import find_deep_blocks
from tests.support.compiler.written_catalogues import HUB, assert_error

OFFER = "kind: commercial_product\nid: offer\n"
STEPS = "  «steps:\n    look: {milestone: true}\n    mount: {milestone: true, after: [look]}\n"
RULES = "decomposes_to:\n  - product: hub\n"


@pytest.mark.parametrize(
    ("text", "outer"),
    [
        (RULES + "dependencies:\n" + STEPS, "dependencies"),
        (RULES + "attributes:\n  size: {type: integer}\n" + STEPS, "attributes"),
        (RULES + "    «description: What the customer gets\n", "decomposes_to"),
        (RULES + "steps:\n  look: {milestone: true}\n  «dependencies: {hub: [look]}\n", "steps"),
    ],
)
def test_block_under_the_wrong_key_has_one_finding(text: str, outer: str) -> None:
    words = f"does not belong in `{outer}`: begin it in the same column as `{outer}`"
    assert_error(OFFER + text + HUB, "key-unknown", words)


@pytest.mark.parametrize(
    ("attributes", "code"),
    [
        ("quantity: {type: «intger}", "value-invalid"),
        ("steps: {type: integer, «minmum: 1}", "key-unknown"),
        ("name: {type: string, «maximum_length: 1}", "key-unknown"),
    ],
)
def test_mistake_in_an_attribute_with_the_name_of_a_key_is_its_own(attributes: str, code: str) -> None:
    assert "same column" not in assert_error(f"{OFFER}attributes:\n  {attributes}\n", code)


def test_block_whose_key_the_document_has_already_is_none() -> None:
    inner = {"go": {"milestone": True}}
    data = {"kind": "commercial_product", "id": "offer", "dependencies": {"steps": inner}}
    wrong = [("dependencies", "steps", "go")]
    assert find_deep_blocks(CommercialProductDocument, data, wrong) == [("dependencies", "steps")]
    assert find_deep_blocks(CommercialProductDocument, {**data, "steps": inner}, wrong) == []
