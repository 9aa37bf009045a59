"""Requests and responses as forms and XML: what is sent, read, and refused."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activity_contract.calls import DEFINITION_ERROR, RESPONSE_UNREADABLE
from activity_contract.xml_encoding import MAX_ELEMENTS, encode_xml, parse_xml
from tests.activities.conftest import World
from tests.support.servers.scripted_system import Reply

FORM, XML = "application/x-www-form-urlencoded", "application/xml"


async def test_form_is_sent_and_read(world: World) -> None:
    world.server.answers(Reply(body=b"state=held&tag=a&tag=b&note=", headers={"Content-Type": FORM}))
    body = {"sku": "cam & co", "quantity": 2, "gift": True, "tag": ["x", "y"], "note": None}
    answer = await world.call(format="form", body=body)
    received = world.server.received[0]
    assert received.headers["content-type"] == FORM
    assert received.headers["accept"] == FORM
    fields = [("sku", "cam & co"), ("quantity", "2"), ("gift", "true"), ("tag", "x"), ("tag", "y")]
    assert parse_qsl(received.body.decode()) == fields
    assert answer.output == {"state": "held", "tag": ["a", "b"], "note": ""}


async def test_xml_is_sent_and_read(world: World) -> None:
    reply = b"""<?xml version="1.0" encoding="ISO-8859-1"?>
        <!-- made by hand --><r:reservation xmlns:r="urn:r" id="R-1"> <r:for>M\xfcller &amp; co</r:for>
        <item n="1">a</item><item n="2"/><empty/><note><![CDATA[<b>]]></note> by post </r:reservation>"""
    world.server.answers(Reply(body=reply, headers={"Content-Type": XML}))
    body = {"order": {"@id": "O<1>", "line": [{"@n": 1, "#text": "a & b"}, {"sku": "c", "gift": None}], "rush": True}}
    answer = await world.call(format="xml", body=body)
    received = world.server.received[0]
    assert received.headers["content-type"] == "application/xml; charset=utf-8"
    assert received.body.decode() == (
        '<?xml version="1.0" encoding="UTF-8"?><order id="O&lt;1&gt;"><line n="1">a &amp; b</line>'
        "<line><sku>c</sku><gift/></line><rush>true</rush></order>"
    )
    assert answer.output == {
        "r:reservation": {
            "@xmlns:r": "urn:r", "@id": "R-1", "r:for": "Müller & co",
            "item": [{"@n": "1", "#text": "a"}, {"@n": "2"}], "empty": None, "note": "<b>", "#text": "by post",
        }
    }  # fmt: skip


async def test_response_format_may_differ_from_request_format(world: World) -> None:
    world.server.answers(Reply(body="<r><id>7</id></r>".encode("utf-16"), headers={"Content-Type": XML}))
    answer = await world.call(format="form", accept="xml", body={"a": 1}, output={"id": "${response.body.r.id}"})
    assert answer.output == {"id": "7"}


async def test_charset_of_the_header_overrides_the_xml_declaration(world: World) -> None:
    world.server.answers(Reply(body=b"<r>\xfc</r>", headers={"Content-Type": "text/xml; charset=latin1"}))
    assert (await world.call(format="xml")).output == {"r": "ü"}


BOMB = b'<!DOCTYPE b [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><b>&b;</b>'


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        (b"<a><b></a>", "mismatched tag"),
        (b"", None),
        (BOMB, "DOCTYPE"),
        (b'<!DOCTYPE r SYSTEM "file:///etc/hosts"><r/>', "DOCTYPE"),
        (b"<r>&other;</r>", "undefined entity"),
        (b"<a>" * 101 + b"</a>" * 101, "100 levels"),
        (b"<r>" + b"<a/>" * MAX_ELEMENTS + b"</r>", "elements"),
        (b'{"error": "none of it"}', "not well-formed"),
        (b"<r>\xff</r>", "not well-formed"),
    ],
)
async def test_malformed_or_malicious_xml_is_unreadable(world: World, reply: bytes, says: str | None) -> None:
    world.server.answers(Reply(body=reply, headers={"Content-Type": XML}))
    if says is None:
        assert (await world.call(format="xml")).output is None
        return
    failed = await world.failure(format="xml")
    assert (failed.type, failed.retryable, failed.details.outcome_known) == (RESPONSE_UNREADABLE, True, False)
    assert "read as XML" in failed.message
    assert says in failed.message


async def test_unknown_xml_encoding_is_unreadable(world: World) -> None:
    world.server.answers(Reply(body=b"<r/>", headers={"Content-Type": "text/xml; charset=none-such"}))
    assert (await world.call(format="xml")).output == {"r": None}
    world.server.answers(Reply(body=b'<?xml version="1.0" encoding="none-such"?><r/>'))
    assert (await world.failure(format="xml")).type == RESPONSE_UNREADABLE


async def test_error_body_is_parsed_in_the_same_format_or_kept_as_text(world: World) -> None:
    world.definition["error_code"] = "response.body.error.code"
    world.server.answers(
        Reply(409, b"<error><code>out_of_stock</code><message>none left</message></error>"), Reply(409, b"<oops")
    )
    failed = await world.failure(format="xml")
    assert failed.type == "out_of_stock"
    failed = await world.failure(format="xml")
    assert (failed.type, "<oops" in failed.message) == ("409", True)


async def test_secrets_are_masked_in_every_format(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("T", "s3cret-token")
    world.environment["T"] = "s3cret-token"
    world.definition["auth"] = {"bearer": {"env": "T"}}
    world.server.answers(Reply(body=b"<r a='s3cret&#45;token'>s3cret-token</r>"), Reply(body=b"a=s3cret%2Dtoken"))
    assert (await world.call(format="xml")).output == {"r": {"@a": "***", "#text": "***"}}
    assert (await world.call(format="form")).output == {"a": "***"}


@pytest.mark.parametrize(
    ("form", "body", "says"),
    [
        ("form", ["a"], "a mapping of its fields"),
        ("form", {"a": {"b": 1}}, "`a`"),
        ("form", {"a": [[1]]}, "`a`"),
        ("xml", {"a": 1, "b": 2}, "one key"),
        ("xml", "text", "one key"),
        ("xml", {"a": [1, 2]}, "`a`"),
        ("xml", {"a": {"b": [[1]]}}, "`b`"),
        ("xml", {"a><b": 1}, "not a valid name"),
        ("xml", {"a": {"@x y": 1}}, "not a valid name"),
        ("xml", {"a": {"#text": {"b": 1}}}, "#text"),
        ("xml", {"a": "\x07"}, "control character"),
    ],
)
async def test_body_that_the_format_cannot_express_is_a_definition_error(
    world: World, form: str, body: Any, says: str
) -> None:
    failed = await world.failure(format=form, body=body)
    assert (failed.type, failed.retryable) == (DEFINITION_ERROR, False)
    assert says in failed.message
    assert not world.server.received


NAMES = st.from_regex(r"[a-z_][a-z0-9_.-]{0,5}(:[a-z])?", fullmatch=True)
TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc", "Cn")), min_size=1).map(str.strip).filter(bool)
ATTRIBUTES = st.dictionaries(NAMES.map("@{}".format), TEXTS, max_size=2)


def _element(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    children = st.dictionaries(NAMES, inner | st.lists(inner, min_size=2, max_size=3), min_size=1, max_size=3)
    return st.builds(lambda attributes, inside: {**attributes, **inside}, ATTRIBUTES, children)


ELEMENTS = st.recursive(st.none() | TEXTS, _element, max_leaves=8)


@given(st.dictionaries(NAMES, ELEMENTS, min_size=1, max_size=1))
def test_xml_round_trip(document: dict[str, Any]) -> None:
    assert parse_xml(encode_xml(document).encode(), "utf-8") == document
