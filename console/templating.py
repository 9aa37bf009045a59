"""The templates, with what each of them can use: assets, states, times."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from console.assets import Assets
from console.presenting.actions.order_menu import order_menu
from console.presenting.actions.suggestions import suggestion, why_not_action
from console.presenting.provenance_text import provenance_text
from console.presenting.sentences import split_times
from console.presenting.state_marks import mark_of
from views.shared.time_format import format_elapsed, format_time
from views.shared.value_format import pluralize

FOLDER = Path(__file__).parent / "templates"
SHARED_MACROS = ("states", "times", "parts")
"""Their macros are known in every template."""


def create_environment(assets: Assets) -> Environment:
    """Every value is escaped; a name that is not there is an error, not an empty text."""
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"asset": assets.url, "mark_of": mark_of, "provenance_text": provenance_text}
    environment.globals |= {"order_menu": order_menu, "suggestion": suggestion, "why_not_action": why_not_action}
    environment.filters |= {
        "utc": format_time,
        "iso": _iso,
        "elapsed": format_elapsed,
        "count": pluralize,
        "split_times": split_times,
    }
    for name in SHARED_MACROS:
        macros: dict[str, Any] = vars(environment.get_template(f"macros/{name}.html").module)
        environment.globals |= {macro: each for macro, each in macros.items() if not macro.startswith("_")}
    return environment


def _iso(at: datetime | str) -> str:
    return at if isinstance(at, str) else at.isoformat()
