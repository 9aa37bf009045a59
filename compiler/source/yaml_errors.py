"""Puts the errors of the YAML parser into the words of the person who wrote the file."""

from __future__ import annotations

import yaml

from compiler.values import MAX_NESTING_DEPTH

_ERROR_MESSAGES = {
    "mapping values are not allowed": "a `:` is not allowed here: quote text with `: ` in it, or fix the indentation",
    "found character that cannot start": "text that begins with `{first}` must be quoted",
    "could not find expected ':'": "a `:` is missing after the key in the line above",
    "found unexpected end of stream": "the quote that begins here is never closed",
    "found unknown escape character": "in double quotes a backslash begins an escape: write `\\\\` for a backslash",
    "did not find expected ',' or ']'": "a `,` or the closing `]` is missing before this",
    "did not find expected ',' or '}'": "a `,` or the closing `}` is missing before this; braces in text need quotes",
    "did not find expected '-' indicator": "a list item beginning with `-` was expected here: fix the indentation",
    "did not find expected key": "a key was expected here: fix the indentation, or quote the text before it",
    "did not find expected <document start>": "this belongs to nothing above: fix the indentation, or add `---`",
    "block sequence entries are not allowed": "a list cannot begin here: put `-` on its own line",
    "exceeded maximum nesting depth": f"this is nested more than {MAX_NESTING_DEPTH} levels deep",
    "found undefined tag handle": "the tag has no meaning here: remove it, or quote the text if it begins with `!`",
}  # fmt: skip


def explain_yaml_error(problem: str, remaining_text: str, error: yaml.MarkedYAMLError) -> str:
    if remaining_text.startswith("\t"):
        return "a tab cannot indent YAML: use spaces"
    if problem.startswith("did not find expected key") and remaining_text.startswith("- "):
        return "a key was expected, and this is a list item: is a blank missing after `-`, or the indentation wrong?"
    for beginning, words in _ERROR_MESSAGES.items():
        if problem.startswith(beginning):
            return words.replace("{first}", remaining_text[:1])
    context = f" {error.context}" if error.context else ""
    return f"this is not YAML: {problem}{context}"
