"""Callback ids: made only with the secret, read only with the secret, and whole or not at all."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activity_contract.callback_id import MAX_LENGTH, CallbackClaim, make_callback_id, read_callback_id

SECRET = b"a secret of the test"
CLAIM = ("HS-1001", "installation_visit.book@1", "HS-1001/installation_visit.book@1/do/1")


@given(st.text(), st.text(), st.text())
def test_an_id_gives_back_the_claim_that_it_was_made_from(order_id: str, step_id: str, key: str) -> None:
    made = make_callback_id(SECRET, order_id, step_id, key)
    assert read_callback_id(SECRET, made) == CallbackClaim(order_id, step_id, key)
    usual = f"{order_id}/{step_id}/{key}"
    assert read_callback_id(SECRET, make_callback_id(SECRET, order_id, step_id, usual)) == (order_id, step_id, usual)


def test_an_id_can_stand_in_a_url_as_it_is() -> None:
    assert set(make_callback_id(SECRET, *CLAIM)) <= set(string.ascii_letters + string.digits + "-_")


def test_the_same_claim_gives_the_same_id_so_that_a_repeated_call_has_the_same_body() -> None:
    assert make_callback_id(SECRET, *CLAIM) == make_callback_id(SECRET, *CLAIM)


@given(st.text())
def test_any_other_text_is_no_id(text: str) -> None:
    assert read_callback_id(SECRET, text) is None


@given(st.binary(max_size=200))
def test_no_id_can_be_made_up(sealed: bytes) -> None:
    from base64 import urlsafe_b64encode

    assert read_callback_id(SECRET, urlsafe_b64encode(sealed).rstrip(b"=").decode()) is None


def test_an_id_with_one_character_changed_added_or_missing_is_none() -> None:
    made = make_callback_id(SECRET, *CLAIM)
    for at in range(len(made)):
        other = "A" if made[at] != "A" else "B"
        assert read_callback_id(SECRET, made[:at] + other + made[at + 1 :]) is None
    for wrong in (made[:-1], made + "A", made + "=", made + "\n", " " + made, made.upper(), made * 2):
        assert read_callback_id(SECRET, wrong) is None


def test_an_id_of_another_secret_is_none() -> None:
    assert read_callback_id(b"another", make_callback_id(SECRET, *CLAIM)) is None


def test_an_id_does_not_tell_which_order_it_belongs_to() -> None:
    from base64 import urlsafe_b64decode

    made = make_callback_id(SECRET, *CLAIM)
    sealed = urlsafe_b64decode(made + "=" * (-len(made) % 4))
    assert b"HS-1001" not in sealed
    assert b"book" not in sealed


def test_an_id_is_never_longer_than_a_url_may_be() -> None:
    with pytest.raises(ValueError, match="callback id for this order"):
        make_callback_id(SECRET, "x" * MAX_LENGTH, "step", "key")
    assert read_callback_id(SECRET, "A" * (MAX_LENGTH + 1)) is None


def test_without_a_secret_there_are_no_ids() -> None:
    with pytest.raises(ValueError, match="ORDO_CALLBACK_SECRET"):
        make_callback_id(b"", *CLAIM)
