"""What the functions of expressions do: for editors, and for the table in docs/language.md."""

from __future__ import annotations

from typing import NamedTuple


class FunctionDoc(NamedTuple):
    signature: str
    description: str
    example: str
    """An expression. It may read `attributes.sites`, a list of objects with a `name`."""


_FUNCTION_LINES = """
bool(x) | The text `true` or `false` as a condition. | bool('true')
date(text) | A text such as `2026-12-01` as a time: midnight of that day in UTC. | date('2026-12-01') + days(1)
days(n) | A duration of n days. | string(days(2))
double(x) | An integer, or a text, as a number. | double(3) * 1.5
duration(text) | A text such as `90s` as a duration. | string(duration('90s'))
dyn(x) | The value, without its type. | dyn(1) == 1.0
has(path) | Whether the value exists. | has(attributes.note)
hours(n) | A duration of n hours. | string(hours(2))
int(x) | A number, or a text, as an integer; fractions are cut off. | int('42') + 1
math.abs(x) | The value without its sign. | math.abs(-2)
math.bitAnd(x, y) | The bits that both integers have. | math.bitAnd(6, 3)
math.bitNot(x) | All bits of an integer, inverted. | math.bitNot(0)
math.bitOr(x, y) | The bits that one of the integers has. | math.bitOr(6, 3)
math.bitShiftLeft(x, n) | The bits of an integer, n places to the left. | math.bitShiftLeft(1, 3)
math.bitShiftRight(x, n) | The bits of an integer, n places to the right. | math.bitShiftRight(8, 3)
math.bitXor(x, y) | The bits that exactly one of the integers has. | math.bitXor(6, 3)
math.ceil(x) | The next greater whole number. | math.ceil(1.2)
math.floor(x) | The next smaller whole number. | math.floor(1.8)
math.greatest(x, y, …) | The greatest of the values. | math.greatest(1, 3, 2)
math.isFinite(x) | Whether it is a finite number. | math.isFinite(1.0)
math.isInf(x) | Whether it is infinite. | math.isInf(1.0 / 0.0)
math.isNaN(x) | Whether it is not a number. | math.isNaN(0.0 / 0.0)
math.least(x, y, …) | The least of the values. | math.least(4, 2)
math.round(x) | The nearest whole number. For decimals: `round(x, 2)`. | math.round(1.5)
math.sign(x) | -1, 0 or 1. | math.sign(-7)
math.sqrt(x) | The square root. | math.sqrt(9.0)
math.trunc(x) | The number without its fraction. | math.trunc(-1.8)
minutes(n) | A duration of n minutes. | string(minutes(5))
round(x, decimals) | The number, rounded as invoices are: half away from zero. | round(2.675, 2)
size(x) | The number of characters, items or keys. | size(attributes.sites)
string(x) | The value as text. | string(4) + ' cameras'
strings.quote(text) | The text in quotes, with escapes. | strings.quote('a')
sum(list) | The sum of the items. | sum([1.5, 2.0])
timestamp(text) | A text such as `2026-12-01T08:00:00Z` as a time. | timestamp('2026-12-01T08:00:00Z') + days(1)
type(x) | The type of the value. | type(1) == int
"""
_METHOD_LINES = """
all(item, condition) | Whether the condition holds for all items. | [4, 2].all(n, n > 1)
charAt(position) | The character at the position, from 0. | 'fibre'.charAt(0)
contains(text) | Whether it contains the text. | 'fibre'.contains('ib')
endsWith(text) | Whether it ends with the text. | 'fibre'.endsWith('re')
exists(item, condition) | Whether the condition holds for an item. | [4, 2].exists(n, n > 3)
exists_one(item, condition) | Whether the condition holds for exactly one item. | [4, 2].exists_one(n, n > 1)
filter(item, condition) | The items for which the condition holds. | [4, 2].filter(n, n > 3)
format(list) | The text with `%s`, `%d`, `%.2f` replaced by the values. | '%d sites, %.2f'.format([3, 4.5])
getDate() | The day of the month, from 1. | timestamp('2026-12-01T08:00:00Z').getDate()
getDayOfMonth() | The day of the month, from 0. | timestamp('2026-12-01T08:00:00Z').getDayOfMonth()
getDayOfWeek() | The day of the week, from 0 for Sunday. | timestamp('2026-12-01T08:00:00Z').getDayOfWeek()
getDayOfYear() | The day of the year, from 0. | timestamp('2026-12-01T08:00:00Z').getDayOfYear()
getFullYear() | The year. | timestamp('2026-12-01T08:00:00Z').getFullYear()
getHours() | The hour of a time; the hours of a duration. | timestamp('2026-12-01T08:30:00Z').getHours()
getMilliseconds() | The milliseconds. | timestamp('2026-12-01T08:00:00.250Z').getMilliseconds()
getMinutes() | The minute of a time; the minutes of a duration. | timestamp('2026-12-01T08:30:00Z').getMinutes()
getMonth() | The month, from 0 for January. | timestamp('2026-12-01T08:00:00Z').getMonth()
getSeconds() | The second of a time; the seconds of a duration. | duration('90s').getSeconds()
indexOf(text) | The position of the text, from 0; -1 if it is not there. | 'fibre'.indexOf('b')
join(separator) | The texts of a list as one text. | ['a', 'b'].join(', ')
lastIndexOf(text) | The last position of the text, from 0; -1 if it is not there. | 'abab'.lastIndexOf('b')
lowerAscii() | The text in lower case. | 'HS-1'.lowerAscii()
map(item, value) | The value for each item. | attributes.sites.map(s, s.name)
matches(pattern) | Whether the regular expression (RE2) matches. | '10115'.matches('^1')
replace(old, new) | The text with each `old` replaced. | 'a b c'.replace(' ', '-')
reverse() | The text from its end to its beginning. | 'abc'.reverse()
size() | The number of characters, items or keys. | 'fibre'.size()
split(separator) | The parts of the text. | 'a,b'.split(',')
startsWith(text) | Whether it starts with the text. | 'fibre'.startsWith('f')
substring(start, end) | The text from the position `start` (from 0) up to `end`. | '10115'.substring(0, 2)
trim() | The text without blanks at both ends. | ' a '.trim()
upperAscii() | The text in upper case. | 'hs-1'.upperAscii()
"""


def _parse(lines: str) -> dict[str, FunctionDoc]:
    docs = [FunctionDoc(*line.split(" | ")) for line in lines.strip().splitlines()]
    return {doc.signature.partition("(")[0]: doc for doc in docs}


FUNCTION_DOCS = _parse(_FUNCTION_LINES)
"""Of what is called as `name(value)`."""
METHOD_DOCS = _parse(_METHOD_LINES)
"""Of what is called as `value.name(…)`."""
