"""Callback ids cannot be created, read or changed without the secret."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activity_contract.callback_id import MAX_LENGTH, CallbackClaim, make_callback_id, read_callback_id

SECRET = b"a secret of the test"
CLAIM = ("HS-1001", "installation_visit.book@1", "HS-1001/installation_visit.book@1/do/1")


@given(st.text(), st.text(), st.text())
def test_id_returns_its_claim(order_id: str, step_id: str, key: str) -> None:
    made = make_callback_id(SECRET, order_id, step_id, key)
    assert read_callback_id(SECRET, made) == CallbackClaim(order_id, step_id, key)
    usual = f"{order_id}/{step_id}/{key}"
    assert read_callback_id(SECRET, make_callback_id(SECRET, order_id, step_id, usual)) == (order_id, step_id, usual)


def test_id_needs_no_url_encoding() -> None:
    assert set(make_callback_id(SECRET, *CLAIM)) <= set(string.ascii_letters + string.digits + "-_")


def test_same_claim_gives_the_same_id() -> None:
    assert make_callback_id(SECRET, *CLAIM) == make_callback_id(SECRET, *CLAIM)


@given(st.text())
def test_arbitrary_text_is_not_an_id(text: str) -> None:
    assert read_callback_id(SECRET, text) is None


@given(st.binary(max_size=200))
def test_forged_id_is_refused(sealed: bytes) -> None:
    from base64 import urlsafe_b64encode

    assert read_callback_id(SECRET, urlsafe_b64encode(sealed).rstrip(b"=").decode()) is None


def test_id_with_one_character_changed_added_or_missing_is_refused() -> None:
    made = make_callback_id(SECRET, *CLAIM)
    for at in range(len(made)):
        other = "A" if made[at] != "A" else "B"
        assert read_callback_id(SECRET, made[:at] + other + made[at + 1 :]) is None
    for wrong in (made[:-1], made + "A", made + "=", made + "\n", " " + made, made.upper(), made * 2):
        assert read_callback_id(SECRET, wrong) is None


def test_id_of_another_secret_is_refused() -> None:
    assert read_callback_id(b"another", make_callback_id(SECRET, *CLAIM)) is None


def test_id_does_not_reveal_its_order() -> None:
    from base64 import urlsafe_b64decode

    made = make_callback_id(SECRET, *CLAIM)
    sealed = urlsafe_b64decode(made + "=" * (-len(made) % 4))
    assert b"HS-1001" not in sealed
    assert b"book" not in sealed


def test_id_length_is_limited() -> None:
    with pytest.raises(ValueError, match="callback id for this order"):
        make_callback_id(SECRET, "x" * MAX_LENGTH, "step", "key")
    assert read_callback_id(SECRET, "A" * (MAX_LENGTH + 1)) is None


def test_ids_need_a_secret() -> None:
    with pytest.raises(ValueError, match="ORDO_CALLBACK_SECRET"):
        make_callback_id(b"", *CLAIM)
