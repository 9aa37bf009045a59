"""Types of values in requests that take exactly what the schema says.

Pydantic alone would read `"5"` and `true` as numbers, `0` and `"no"` as `false`, and `0.5` as a time in 1970.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AwareDatetime, BeforeValidator, Field, Strict


def _require_number(value: Any) -> Any:
    if isinstance(value, (bool, str)):
        raise ValueError("a number is needed")
    return value


def _require_date_and_time(value: Any) -> Any:
    if isinstance(value, str) and "-" in value[1:]:
        return value
    raise ValueError("a date and time with a time zone is needed, such as `2026-12-01T08:00:00Z`")


Flag = Annotated[bool, Strict()]
"""`true` or `false`."""
Count = Annotated[int, Field(ge=1), BeforeValidator(_require_number)]
"""An integer from 1 in a JSON body."""
Number = Annotated[float, BeforeValidator(_require_number)]
"""A number in a JSON body."""
Moment = Annotated[AwareDatetime, BeforeValidator(_require_date_and_time)]
"""A date and time of ISO 8601 with a time zone, in a body or a query."""
