"""Patterns of request paths: `{name}` is one segment, `*` is any text. Used by `example`, `world` and `expect`."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import unquote

from compiler.cel.templates import split_template

_PIECE = re.compile(r"\{([^{}]*)\}|\*")
_NAME = re.compile(r"[A-Za-z_]\w*")


def pattern_names(pattern: str) -> tuple[str, ...]:
    """The names in a pattern, in their order."""
    return tuple(name for name in _PIECE.findall(pattern) if name)


def validate_path_pattern(pattern: str) -> str:
    """The pattern itself. Raises ValueError if it is none."""
    if not pattern.startswith(("/", "*")):
        raise ValueError(f"a path begins with `/`: write `/{pattern[:60]}`")
    if "?" in pattern:
        raise ValueError("a path has no `?`: what stands after it is `request.query` in `when`")
    if "${" in pattern:
        raise ValueError("a path contains no `${…}`: write `{name}` for a segment that varies, or `*` for any text")
    names = [piece[1] for piece in _PIECE.finditer(pattern) if piece[0] != "*"]
    for name in names:
        if not _NAME.fullmatch(name):
            raise ValueError(f"`{{{name[:40]}}}` needs a name that expressions can use, such as `{{id}}`")
        if names.count(name) > 1:
            raise ValueError(f"the name `{name}` occurs twice: each segment needs a name of its own")
    if _PIECE.sub("", pattern).count("{") or _PIECE.sub("", pattern).count("}"):
        raise ValueError("a brace is not closed: write `{name}`")
    return pattern


def match_path(pattern: str, path: str) -> dict[str, str] | None:
    """The segments that the names stand for, percent-decoded; None if the path (without query) does not match."""
    found = _compiled(pattern).fullmatch(path)
    return None if found is None else {name: unquote(value) for name, value in found.groupdict().items()}


@lru_cache(maxsize=10_000)
def _compiled(pattern: str) -> re.Pattern[str]:
    parts, position = [], 0
    for piece in _PIECE.finditer(pattern):
        parts.append(re.escape(pattern[position : piece.start()]))
        parts.append(".*" if piece[0] == "*" else f"(?P<{piece[1]}>[^/]+)")
        position = piece.end()
    return re.compile("".join([*parts, re.escape(pattern[position:])]), re.DOTALL)


def may_match(pattern: str, template: str) -> bool:
    """Whether some value of the `${…}` in a call's path makes it match the pattern."""
    try:
        pieces = split_template(template)
    except ValueError:
        return True
    texts: tuple[str | None, ...] = tuple(
        character for piece in pieces for character in (piece if isinstance(piece, str) else (None,))
    )
    wanted: list[str | None] = []
    position = 0
    for piece in _PIECE.finditer(pattern):
        wanted += [*pattern[position : piece.start()], None]
        position = piece.end()
    return _overlap((*wanted, *pattern[position:]), texts)


def _overlap(left: tuple[str | None, ...], right: tuple[str | None, ...]) -> bool:
    """Whether two texts in which None is any text have a text in common."""
    row = [True]  # row[j]: whether the pieces of left so far and right[:j] have one in common
    for other in right:
        row.append(row[-1] and other is None)
    for one in left:
        above, row = row, [row[0] and one is None]
        for j, other in enumerate(right, 1):
            if one is None or other is None:
                row.append(above[j] or row[j - 1])
            else:
                row.append(above[j - 1] and one == other)
    return row[-1]
