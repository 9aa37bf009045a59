"""The tables of docs/access.md: `python -m views.infrastructure.permission_table` renews them."""

from __future__ import annotations

import sys
from pathlib import Path

from operations.access.permissions import PERMISSIONS, Permission, QueueRule
from operations.access.roles import ROLE_SUMMARIES, Role

PAGE = Path("docs", "access.md")
_BEGIN = "<!-- These tables are written by `python -m views.infrastructure.permission_table`. -->\n"
_END = "<!-- End of the tables. -->\n"
_QUEUE_COLUMN = "operator with queues"


def role_table() -> str:
    """In Markdown."""
    rows = [f"| `{role}` | {summary} |\n" for role, summary in ROLE_SUMMARIES.items()]
    return "".join(["| role | |\n|---|---|\n", *rows])


def permission_table() -> str:
    """In Markdown: a permission a line, a role a column."""
    columns = [column for role in Role for column in ([role, _QUEUE_COLUMN] if role is Role.OPERATOR else [role])]
    heading = f"| permission | what it allows | {' | '.join(columns)} |\n|---|---|{'---|' * len(columns)}\n"
    return heading + "".join(_row(permission, columns) for permission in PERMISSIONS.values())


def _row(permission: Permission, columns: list[str]) -> str:
    cells = " | ".join(_cell(permission, column) for column in columns)
    return f"| `{permission.name}` | {permission.summary} | {cells} |\n"


def _cell(permission: Permission, column: str) -> str:
    if column != _QUEUE_COLUMN:
        return "yes" if column in permission.roles else ""
    rule = permission.for_queues
    return rule.value if Role.OPERATOR in permission.roles and rule is not QueueRule.REFUSED else ""


def with_new_tables(markdown: str) -> str:
    """The text of docs/access.md with its tables renewed."""
    before, rest = markdown.split(_BEGIN)
    return f"{before}{_BEGIN}\n{role_table()}\n{permission_table()}\n{_END}{rest.split(_END)[1]}"


if __name__ == "__main__":
    PAGE.write_text(with_new_tables(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    sys.stdout.write(f"{PAGE} is renewed\n")
