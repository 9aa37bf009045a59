"""Regular expressions in RE2 syntax, which CEL's `matches` uses: linear time, whatever the pattern."""

from __future__ import annotations

from functools import lru_cache

from cel_expr_python import cel


@lru_cache(maxsize=1)
def _match_program() -> cel.Expression:
    variables = {"text": cel.Type.STRING, "pattern": cel.Type.STRING}
    return cel.NewEnv(variables=variables).compile("text.matches(pattern)")


def matches_fully(pattern: str, text: str) -> bool:
    """Whether the whole `text` matches. Raises ValueError if `pattern` is not a regular expression."""
    result = _match_program().eval(data={"text": text, "pattern": f"^(?:{pattern})$"})
    if result.type() == cel.Type.ERROR:
        raise ValueError(f"`{pattern[:60]}` is not a regular expression (RE2)")
    return bool(result.value())


def validate_pattern(pattern: str) -> None:
    """Raises ValueError if `pattern` is not a regular expression by itself: `(a)(b)` is one, `a)(b` is not."""
    result = _match_program().eval(data={"text": "", "pattern": pattern})
    if result.type() == cel.Type.ERROR:
        raise ValueError(f"`{pattern[:60]}` is not a regular expression (RE2)")
