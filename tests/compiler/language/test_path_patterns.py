"""Patterns of request paths."""

from __future__ import annotations

import pytest

from compiler.language.path_patterns import match_path, may_match, pattern_names


@pytest.mark.parametrize(
    ("pattern", "path", "found"),
    [
        ("/a/{id}", "/a/1", {"id": "1"}),
        ("/a/{id}", "/a/b%2Fc%20d", {"id": "b/c d"}),
        ("/a/{id}", "/a/1/b", None),
        ("/a/{id}", "/a/", None),
        ("/a/{id}/b/{x}", "/a/1/b/2", {"id": "1", "x": "2"}),
        ("/a/*", "/a/1/b", {}),
        ("/a*", "/a", {}),
        ("*", "/", {}),
        ("/a.b", "/axb", None),
        ("/a-{id}.json", "/a-7.json", {"id": "7"}),
    ],
)
def test_match(pattern: str, path: str, found: dict[str, str] | None) -> None:
    assert match_path(pattern, path) == found


def test_names() -> None:
    assert pattern_names("/a/{id}/*/{other}") == ("id", "other")


@pytest.mark.parametrize(
    ("pattern", "template", "expected"),
    [
        ("/a/{id}", "/a/${output.id}", True),
        ("/a/{id}", "/a/x", True),
        ("/a/b", "/a/${output.id}", True),
        ("/a/{id}/c", "/a/${output.id}", True),  # the value may contain a slash
        ("/a/{id}", "/b/${output.id}", False),
        ("/a/{id}/c", "/a/${output.id}/d", False),
        ("*", "/anything/${x}", True),
        ("/a/*", "/a", False),
        ("/requests", "/${order.id}/requests", False),
        ("/{kind}/requests", "/${order.id}/requests", True),
        ("/a", "/a${'b'", True),  # reported elsewhere
    ],
)
def test_pattern_and_template_may_meet(pattern: str, template: str, expected: bool) -> None:
    assert may_match(pattern, template) is expected
