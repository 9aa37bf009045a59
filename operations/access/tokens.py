"""Tokens: how they are made, and what of them is kept.

Only a SHA-256 of a token is kept. A slow hash (scrypt, argon2) protects passwords that can be guessed. A token has 256
random bits and cannot be guessed, and a slow hash would make every request slow, and wrong tokens a way to keep the
gateway busy.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from typing import NamedTuple

PREFIX = "ordo"
"""Lets scanners for leaked secrets find tokens."""
ID_PATTERN = r"[a-z0-9]{8}"
_SHAPE = re.compile(rf"{PREFIX}_({ID_PATTERN})_[A-Za-z0-9_-]{{43}}", re.ASCII)
_ID_CHARACTERS = "abcdefghijkmnpqrstuvwxyz23456789"
SECRET_BYTES = 32
HASH_PREFIX = "sha256:"


class NewToken(NamedTuple):
    id: str
    """Not secret: lists and logs name the token by it."""
    text: str
    """`ordo_<id>_<secret>`. It is shown once and not kept."""
    hash: str


def create_token() -> NewToken:
    token_id = "".join(secrets.choice(_ID_CHARACTERS) for _ in range(8))
    text = f"{PREFIX}_{token_id}_{secrets.token_urlsafe(SECRET_BYTES)}"
    return NewToken(token_id, text, hash_token(text))


def token_id_of(text: str) -> str | None:
    """The id in a token; None if the text does not have the shape of one."""
    match = _SHAPE.fullmatch(text)
    return match[1] if match else None


def hash_token(text: str) -> str:
    return HASH_PREFIX + hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def hash_matches(text: str, known_hash: str) -> bool:
    """Compares in constant time."""
    return hmac.compare_digest(hash_token(text), known_hash)
