"""The words by which an order is found, and the words of a search. Pure.

A search finds beginnings of words, whatever their case and accents: `elm` finds `Élm Street`, and `hs-10` finds
`HS-1001`. So an index on the words answers it, on every database.

Unicode does not take letters such as `ł` and `æ` apart. A word that has one is stored both as it is written and in
plain letters, so `łódź` finds `Łódź`, also if an earlier release has stored it, and so does `lodz`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

MAX_WORDS = 60
"""Words of one order."""
MAX_WORD_LENGTH = 64
MAX_SEARCHED_WORDS = 8

PLAIN_LETTERS = str.maketrans(
    {
        "đ": "d",
        "ð": "d",
        "ħ": "h",
        "\N{LATIN SMALL LETTER DOTLESS I}": "i",
        "ł": "l",
        "ø": "o",
        "ŧ": "t",
        "æ": "ae",
        "œ": "oe",
        "þ": "th",
    }
)
"""For words in lower case. Capitals, accents and `ß` are gone from them before."""

_SEPARATORS = re.compile(r"[\W_]+")
_ENDS = re.compile(r"^[\W_]+|[\W_]+$")


def search_words(texts: Iterable[str | None]) -> list[str]:
    """The words of an order's ids and names: each text between blanks as a whole, and its parts (`hs-1001`, `hs`,
    `1001`), without signs at their ends; also in plain letters. Sorted, without repetition, at most MAX_WORDS: those of
    the first texts, and before those in plain letters."""
    found: dict[str, None] = {}
    for text in texts:
        for word in _words(text or ""):
            found[word] = None
            if len(found) == MAX_WORDS:
                return sorted(found)
    plain = [word.translate(PLAIN_LETTERS)[:MAX_WORD_LENGTH] for word in found if not word.isascii()]
    return sorted([*found, *dict.fromkeys(word for word in plain if word not in found)][:MAX_WORDS])


def searched_words(text: str) -> list[str]:
    """The beginnings of words that an order must all have. Longest first, because they are found in fewest orders."""
    words = dict.fromkeys(word[:MAX_WORD_LENGTH] for word in _tokens(text))
    return sorted(words, key=len, reverse=True)[:MAX_SEARCHED_WORDS]


def _words(text: str) -> Iterator[str]:
    for token in _tokens(text):
        yield token[:MAX_WORD_LENGTH]
        if not token.isalnum():
            yield from (part[:MAX_WORD_LENGTH] for part in _SEPARATORS.split(token) if part)


def _tokens(text: str) -> Iterator[str]:
    """What is between blanks, from its first letter or digit to its last."""
    for token in _normalised(text).split():
        inner = token if token.isalnum() else _ENDS.sub("", token)
        if inner:
            yield inner


def _normalised(text: str) -> str:
    if text.isascii():
        return text.lower().replace("\0", " ")
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character)).replace("\0", " ")
