"""What the functions of expressions do: for hover and completion in editors."""

from __future__ import annotations

from typing import NamedTuple


class FunctionDoc(NamedTuple):
    signature: str
    description: str


_FUNCTION_LINES = """
bool(x) | The text `true` or `false` as a condition.
days(n) | A duration of n days.
double(x) | An integer, or a text, as a number.
duration(text) | A text such as `90s` as a duration.
dyn(x) | The value, without its type.
has(path) | Whether the value exists.
hours(n) | A duration of n hours.
int(x) | A number, or a text, as an integer; fractions are cut off.
math.abs(x) | The value without its sign.
math.bitAnd(x, y) | The bits that both integers have.
math.bitNot(x) | All bits of an integer, inverted.
math.bitOr(x, y) | The bits that one of the integers has.
math.bitShiftLeft(x, n) | The bits of an integer, n places to the left.
math.bitShiftRight(x, n) | The bits of an integer, n places to the right.
math.bitXor(x, y) | The bits that exactly one of the integers has.
math.ceil(x) | The next greater whole number.
math.floor(x) | The next smaller whole number.
math.greatest(x, y, …) | The greatest of the values.
math.isFinite(x) | Whether it is a finite number.
math.isInf(x) | Whether it is infinite.
math.isNaN(x) | Whether it is not a number.
math.least(x, y, …) | The least of the values.
math.round(x) | The nearest whole number. For decimals: `round(x, 2)`.
math.sign(x) | -1, 0 or 1.
math.sqrt(x) | The square root.
math.trunc(x) | The number without its fraction.
minutes(n) | A duration of n minutes.
round(x, decimals) | The number, rounded as invoices are: half away from zero.
size(x) | The number of characters, items or keys.
string(x) | The value as text.
strings.quote(text) | The text in quotes, with escapes.
sum(list) | The sum of the items.
timestamp(text) | A text such as `2026-12-01T08:00:00Z` as a time.
type(x) | The type of the value.
"""
_METHOD_LINES = """
all(item, condition) | Whether the condition holds for all items.
charAt(position) | The character at the position, from 0.
contains(text) | Whether it contains the text.
endsWith(text) | Whether it ends with the text.
exists(item, condition) | Whether the condition holds for an item.
exists_one(item, condition) | Whether the condition holds for exactly one item.
filter(item, condition) | The items for which the condition holds.
format(list) | The text with `%s`, `%d`, `%.2f` replaced by the values.
getDate() | The day of the month, from 1.
getDayOfMonth() | The day of the month, from 0.
getDayOfWeek() | The day of the week, from 0 for Sunday.
getDayOfYear() | The day of the year, from 0.
getFullYear() | The year.
getHours() | The hour of a time; the hours of a duration.
getMilliseconds() | The milliseconds.
getMinutes() | The minute of a time; the minutes of a duration.
getMonth() | The month, from 0 for January.
getSeconds() | The second of a time; the seconds of a duration.
indexOf(text) | The position of the text, from 0; -1 if it is not there.
join(separator) | The texts of a list as one text.
lastIndexOf(text) | The last position of the text, from 0; -1 if it is not there.
lowerAscii() | The text in lower case.
map(item, value) | The value for each item.
matches(pattern) | Whether the regular expression (RE2) matches.
replace(old, new) | The text with each `old` replaced.
reverse() | The text from its end to its beginning.
size() | The number of characters, items or keys.
split(separator) | The parts of the text.
startsWith(text) | Whether it starts with the text.
substring(start, end) | The text from the position `start` (from 0) up to `end`.
trim() | The text without blanks at both ends.
upperAscii() | The text in upper case.
"""


def _parse(lines: str) -> dict[str, FunctionDoc]:
    docs = [FunctionDoc(*line.split(" | ", 1)) for line in lines.strip().splitlines()]
    return {doc.signature.partition("(")[0]: doc for doc in docs}


FUNCTION_DOCS = _parse(_FUNCTION_LINES)
"""Of what is called as `name(value)`."""
METHOD_DOCS = _parse(_METHOD_LINES)
"""Of what is called as `value.name(…)`."""
