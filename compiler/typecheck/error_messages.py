"""Puts errors in expressions into the words of their author. The parser's own messages are never shown."""

from __future__ import annotations

import re
from dataclasses import dataclass

from compiler.cel.functions import FUNCTIONS, METHODS, NAMESPACES
from compiler.cel.syntax_tree import MAX_EXPRESSION_LENGTH, ExpressionNode, literal_value, node_path
from compiler.source.findings import did_you_mean


@dataclass(frozen=True, slots=True)
class ExpressionError:
    code: str
    offset: int
    """Position in the expression's text, from 0."""
    message: str
    undefined_name: str = ""
    """The name that is not defined, as in Finding; a path such as `.attributes.x` if it is one of the document."""

    def undefined_name_in(self, document_id: str) -> str:
        """The name that is not defined, such that it is one name in the whole catalogue."""
        return f"{document_id}{self.undefined_name}" if self.undefined_name.startswith(".") else self.undefined_name


_QUOTED = re.compile(r"'(?:\\.|[^'\\])*('?)|\"(?:\\.|[^\"\\])*(\"?)", re.DOTALL)
"""Quoted text. If it is not closed, it extends to the end, so that matching takes linear time."""
_COMMON_ERRORS = (
    (re.compile(r"\$\{"), "this is an expression already: write it without `${ }`"),
    (re.compile("[\u201c\u201d\u2018\u2019]"), "use straight quotes (`'` or `\"`)"),
    (re.compile(r"(?<![=!<>])=(?![=])"), "`=` does not compare: write `==`"),
    (re.compile(r"===|!=="), "write `==` or `!=`"),
    (re.compile(r"<>"), "write `!=` for `<>`"),
    (re.compile(r"\b(?:and|AND|And)\b"), "write `&&` for `and`"),
    (re.compile(r"\b(?:or|OR|Or)\b"), "write `||` for `or`"),
    (re.compile(r"\b(?:not|NOT|Not)\b"), "write `!` for `not`"),
    (re.compile(r"(?<!&)&(?!&)"), "write `&&` for `&`"),
    (re.compile(r"(?<!\|)\|(?!\|)"), "write `||` for `|`"),
    (re.compile(r"\b(?:if|then|else)\b"), "write `condition ? value : other value`"),
    (re.compile(r"\bis\b"), "write `==` for `is`"),
)
_CEL_ERROR = re.compile(r"ERROR: <input>:(\d+):(\d+): (.*)")


def explain_syntax_error(expression: str, error: str) -> ExpressionError:
    """What is wrong with a text that is not an expression."""
    if not expression.strip():
        return ExpressionError("expression-syntax", 0, "the expression is empty")
    if len(expression) > MAX_EXPRESSION_LENGTH:
        message = (
            f"the expression has {len(expression):,} characters; {MAX_EXPRESSION_LENGTH:,} are allowed: split it up"
        )
        return ExpressionError("expression-syntax", 0, message)
    blanked = _QUOTED.sub(_blank_quoted, expression)
    for pattern, words in _COMMON_ERRORS:
        if found := pattern.search(blanked):
            return ExpressionError("expression-syntax", found.start(), words)
    if found := re.search("['\"]", blanked):
        return ExpressionError("expression-syntax", found.start(), "the quote that begins here is never closed")
    for opening, closing in ("()", "[]", "{}"):
        if blanked.count(opening) > blanked.count(closing):
            return ExpressionError("expression-syntax", blanked.rindex(opening), f"`{opening}` is never closed")
        if blanked.count(opening) < blanked.count(closing):
            return ExpressionError("expression-syntax", blanked.index(closing), f"`{closing}` closes nothing")
    if "recursion depth" in error or "too deeply" in error or error.startswith("too long"):
        return ExpressionError("expression-syntax", 0, "the expression is too long or too deeply nested: split it up")
    first = _CEL_ERROR.search(error)
    if first is None:
        return ExpressionError("expression-syntax", 0, "this is not an expression")
    offset = _text_offset(expression, int(first[1]), int(first[2]))
    if numeric := re.search(r"(math\.\w+)\(\) .*must be numeric", first[3]):
        return ExpressionError("expression-type", offset, f"`{numeric[1]}` compares numbers, and this is none")
    rest = expression[offset:].strip()
    if not rest:
        return ExpressionError(
            "expression-syntax", offset, "the expression ends too early: something is missing at its end"
        )
    word = re.match(r"[A-Za-z_]\w*|[\d.]+|.", rest)
    if word and word[0] in ("x", "X", "×"):
        return ExpressionError("expression-syntax", offset, f"write `*` for `{word[0]}`")
    return ExpressionError("expression-syntax", offset, f"`{word[0] if word else rest[:1]}` is not allowed here")


def _blank_quoted(quoted: re.Match[str]) -> str:
    """Blanks for quoted text. If it is not closed, its quote is kept."""
    closed = quoted[1] or quoted[2]
    return " " * len(quoted[0]) if closed else quoted[0][0] + " " * (len(quoted[0]) - 1)


def _text_offset(expression: str, line: int, column: int) -> int:
    lines = expression.split("\n")
    if not 1 <= line <= len(lines):
        return 0
    return min(sum(len(text) + 1 for text in lines[: line - 1]) + max(column - 1, 0), len(expression))


_NO_OVERLOAD = re.compile(r"found no matching overload for '([^']+)' applied to '(.*)'")
_UNDECLARED = re.compile(r"undeclared reference to '([^']+)'")
_NO_FIELD = re.compile(r"undefined field '([^']+)'")
_OPERATORS = {"_[_]": "[ ]", "@in": "in", "_?_:_": "? :", "!_": "!", "-_": "-"}
_TIME_TYPES = {"timestamp", "google.protobuf.timestamp", "duration", "google.protobuf.duration"}
_ARITHMETIC = {"+", "-", "*", "/", "%", "<", "<=", ">", ">=", "==", "!="}
_TYPE_NAMES = {
    "int": "an integer", "uint": "an integer", "double": "a number", "string": "text", "bool": "true or false",
    "timestamp": "a date or time", "google.protobuf.timestamp": "a date or time", "duration": "a duration",
    "google.protobuf.duration": "a duration", "list": "a list", "map": "an object", "object": "an object",
    "null_type": "null", "null": "null", "dyn": "anything", "type": "a type", "bytes": "bytes",
}  # fmt: skip


def describe_type(kind: str) -> str:
    """The name of a type in a message: "an integer" for `int`, and so on."""
    plain = re.split(r"[<(]", kind.strip().lower())[0]
    if plain.startswith("wrapper"):
        return describe_type(kind.strip()[8:-1])
    return _TYPE_NAMES.get(plain, "an object")


def explain_type_error(expression: str, tree: ExpressionNode, error: str) -> ExpressionError:
    """Why the types in an expression do not fit. All its names are known."""
    first = _CEL_ERROR.search(error)
    if first is None:
        return ExpressionError("expression-type", 0, "the types in this expression do not fit together")
    offset, cel_message = _text_offset(expression, int(first[1]), int(first[2])), first[3]
    if overload := _NO_OVERLOAD.search(cel_message):
        return ExpressionError(
            "expression-type", offset, _explain_overload(overload[1], overload[2], _find_call(tree, offset))
        )
    if undeclared := _UNDECLARED.search(cel_message):
        return _explain_function(expression, tree, undeclared[1], offset)
    if missing := _NO_FIELD.search(cel_message):
        return ExpressionError("name-unknown", offset + 1, f"there is no `{missing[1]}` in it")
    return ExpressionError("expression-type", offset, "the types in this expression do not fit together")


def _explain_function(expression: str, tree: ExpressionNode, name: str, offset: int) -> ExpressionError:
    """Why a function cannot be called like this. CEL gives the position of its bracket, or that of its namespace."""
    start = offset - len(name) if expression[:offset].endswith(name) else offset
    if name in NAMESPACES and (called := re.match(rf"{name}\s*\.\s*(\w+)", expression[start:])):
        name = f"{name}.{called[1]}"
    call = _find_call(tree, offset)
    values = [_source_text(child) for child in call.children] if call else []
    value, others = (values[0] if values else "…"), ", ".join(values[1:])
    as_method = expression[:start].rstrip().endswith(".")
    if as_method and name not in METHODS and name in FUNCTIONS:
        message = f"`{name}` takes its value in brackets: write `{name}({', '.join(values) or value})`"
    elif not as_method and name not in FUNCTIONS and name in METHODS:
        message = f"`{name}` is called on its value: write `{value}.{name}({others})`"
    elif name in FUNCTIONS or name in METHODS:
        message = f"`{name}` cannot be called like this"
        message += ": it gives a whole number; for decimals write `round(x, 2)`" if name == "math.round" else ""
    else:
        message = f"there is no function `{name}`{_similar_function(name)}"
    return ExpressionError("function-unknown", start, message)


_OTHER_NAMES = {
    "average": "sum", "ceiling": "math.ceil", "count": "size", "float": "double", "len": "size", "length": "size",
    "lower": "lowerAscii", "max": "math.greatest", "min": "math.least", "number": "double", "str": "string",
    "toFixed": "round", "toLowerCase": "lowerAscii", "toUpperCase": "upperAscii", "upper": "upperAscii",
}  # fmt: skip
"""Names of functions in other languages."""


def _similar_function(name: str) -> str:
    plain = name.rpartition(".")[2]
    found = _OTHER_NAMES.get(plain) or next((known for known in FUNCTIONS if known.rpartition(".")[2] == plain), "")
    return f"; did you mean `{found}`?" if found else did_you_mean(name, (*FUNCTIONS, *METHODS))


def _find_call(node: ExpressionNode, offset: int) -> ExpressionNode | None:
    if node.kind == "call" and node.offset == offset:
        return node
    return next((found for child in node.children if (found := _find_call(child, offset)) is not None), None)


def _explain_overload(function: str, applied: str, call: ExpressionNode | None) -> str:
    operator = _OPERATORS.get(function) or function.strip("_")
    kinds = _argument_types(applied)
    spelled = [_source_text(child) for child in call.children] if call else []
    spelled += ["…"] * (len(kinds) - len(spelled))
    if set(kinds) == {"int", "double"} and operator in _ARITHMETIC and len(kinds) == 2:
        return _explain_mixed_numbers(operator, kinds, spelled)
    if "null" in kinds or "null_type" in kinds:
        present = next((text for text in spelled if text not in ("null", "…")), "…")
        return f"a value is never null: write `has({present})` to test whether it exists"
    if operator in ("&&", "||", "!", "? :"):
        return _explain_condition(operator, kinds, spelled)
    if operator == "+" and "string" in kinds:
        other = next((text for kind, text in zip(kinds, spelled, strict=False) if kind != "string"), "…")
        return f"`+` cannot join text and {describe_type(_other_type(kinds, 'string'))}: write `string({other})`"
    if operator == "[ ]":
        return (
            f"`[ ]` cannot look into {describe_type(kinds[0])} by {describe_type(kinds[-1])}: write the name "
            "after a dot"
        )
    named = " and ".join(describe_type(kind) for kind in kinds)
    if kinds == ["int"] and function in ("math.ceil", "math.floor", "math.round", "math.trunc"):
        return f"`{function}` takes a number with a fraction, and `{spelled[0]}` is an integer, whole already"
    if operator in ("+", "-") and set(kinds) & {"int", "double"} and _TIME_TYPES & {kind.lower() for kind in kinds}:
        amount = spelled[next(position for position, kind in enumerate(kinds) if kind in ("int", "double"))]
        return f"`{operator}` needs a length of time: write `days({amount})`, `hours({amount})` or `minutes({amount})`"
    quoted = next((text for text in spelled if re.fullmatch(r"'-?[0-9.]+'", text)), None)
    if quoted and operator in _ARITHMETIC and set(kinds) & {"int", "double"}:
        return f"`{operator}` cannot take a number and a text: write `{quoted[1:-1]}` without quotes"
    if operator in ("==", "!="):
        return f"`{operator}` compares {named}, which are never equal"
    if operator in _ARITHMETIC or operator == "in":
        return f"`{operator}` does not work on {named}"
    return f"`{operator}` cannot be used on {named}"


def _argument_types(applied: str) -> list[str]:
    """The types in a text such as `(int, list(string))`."""
    inner, found, depth, start = applied.strip()[1:-1], [], 0, 0
    for position, character in enumerate(inner + ","):
        depth += (character in "(<") - (character in ")>")
        if character == "," and depth == 0:
            found.append(inner[start:position].strip())
            start = position + 1
    return found


def _other_type(kinds: list[str], kind: str) -> str:
    return next((one for one in kinds if one != kind), kind)


def _explain_mixed_numbers(operator: str, kinds: list[str], spelled: list[str]) -> str:
    whole = spelled[kinds.index("int")]
    written = f"{whole}.0" if re.fullmatch(r"-?\d+", whole) else f"double({whole})"
    return f"`{operator}` does not mix an integer and a number: write `{written}` for `{whole}`"


def _explain_condition(operator: str, kinds: list[str], spelled: list[str]) -> str:
    wrong = kinds[:1] if operator == "? :" else [kind for kind in kinds if kind != "bool"]
    if not wrong or (operator == "? :" and kinds[0] == "bool"):
        return f"both values of `? :` must be of one type, and are {' and '.join(map(describe_type, kinds[1:]))}"
    text = spelled[kinds.index(wrong[0])]
    example = {"int": " > 0", "double": " > 0.0", "string": " != ''"}.get(wrong[0], " == …")
    return (
        f"`{operator}` needs a condition, and `{text}` is {describe_type(wrong[0])}: write for example "
        f"`{text}{example}`"
    )


def _source_text(node: ExpressionNode) -> str:
    path = node_path(node)
    if path is not None:
        return ".".join(path)
    if node.kind == "literal" and node.name in ("int", "uint"):
        value = int(node.value)
        return str(value - 2**64 if value >= 2**63 else value)
    if node.kind == "literal" and node.name == "double":
        return str(literal_value(node))
    if node.kind == "literal":
        return "null" if node.name == "null" else f"'{node.value}'" if node.name == "string" else "…"
    if node.kind == "list" and len(node.children) <= 3:
        return f"[{', '.join(_source_text(child) for child in node.children)}]"
    return "…"
