"""`let` as a name in expressions.

CEL reserves the word for the languages that embed it, and its parser accepts it only after a dot. Ordo embeds CEL, and
uses `let` as the name of an object. The parser gets another name of the same length, so that offsets stay right.
"""

from __future__ import annotations

import re

LET = "let"
CEL_NAME = "_lt"
"""The name that the parser gets for `let`. Written by an author, it becomes `let`, and the parser refuses it."""

_TOKEN = re.compile(
    r"""
    (?P<text> [rRbB]{0,2} (?: \"{3} (?s:.)*? \"{3} | '{3} (?s:.)*? '{3} ) )
    | (?P<raw> (?: [rR][bB]? | [bB][rR] ) (?: "[^"\n]*" | '[^'\n]*' ) )
    | (?P<quoted> [bB]? (?: "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*' ) )
    | (?P<comment> //[^\n]* )
    | (?P<member> \.\s*[A-Za-z_]\w* )
    | (?P<name> [A-Za-z_]\w*\b (?! \s* \( ) )
    """,
    re.VERBOSE,
)
_SWAPPED = {LET: CEL_NAME, CEL_NAME: LET}


def for_parser(expression: str) -> str:
    """The expression as CEL's parser gets it, of equal length: with CEL_NAME for the name `let`."""
    if LET not in expression and CEL_NAME not in expression:
        return expression
    return _TOKEN.sub(_swap_name, expression)


def from_parser(name: str) -> str:
    """The name that the author wrote."""
    return LET if name == CEL_NAME else name


def _swap_name(token: re.Match[str]) -> str:
    return _SWAPPED.get(token[0], token[0]) if token.lastgroup == "name" else token[0]
