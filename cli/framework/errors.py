"""Every error becomes one clear message and an exit status; `--debug` adds the traceback."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rich.text import Text

from cli.framework.ledger_note import ledger_note
from cli.framework.session import Session
from compiler.source.findings import CatalogueInvalid, Finding, InputRejected, OrderRejected
from views.shared.commands import alternatives_text
from views.shared.findings import finding_lines
from views.shared.value_format import pluralize

EXIT_REFUSED, EXIT_USAGE, EXIT_UNREACHABLE, EXIT_NOT_COMPLETED, EXIT_TIMED_OUT = 1, 2, 3, 4, 5
EXIT_INTERRUPTED = 130
EXIT_BROKEN_PIPE = 141
"""As for a process that SIGPIPE ended."""
MISSING_COMMAND = "Missing command."
"""What the argument parser says of a group of commands that is called without one."""


class UsageError(Exception):
    """The command was called wrongly; the message says how to call it."""

    code = "wrong_usage"


def run_reporting_errors(session: Session, run: Callable[[], int | None]) -> int:
    """Runs a command, reports its error if any, and returns the exit status."""
    try:
        return run() or 0
    except BrokenPipeError:
        return EXIT_BROKEN_PIPE
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except Exception as error:
        if session.debug:
            traceback.print_exc(file=sys.stderr)
        return report_error(session, error)


def report_error(session: Session, error: Exception) -> int:
    """Prints the error on standard error, and with `-o json` also as a document. Returns the exit status."""
    status, code, message, findings = _error_report(error)
    if session.is_json:
        details = getattr(error, "details", {})
        session.print_json({"error": {"code": code, "message": message, "findings": findings, **details}})
    session.print_note(Text.assemble(("Error: ", "bold red"), message))
    for line in finding_lines(parse_finding(finding) for finding in findings):
        session.print_note(line)
    if alternatives := getattr(error, "alternatives", None):
        session.print_note(alternatives_text(alternatives))
    if note := ledger_note(error):
        session.print_note(note)
    return status


def parse_finding(data: Mapping[str, Any], file: str | None = None) -> Finding:
    """A finding from a worker's answer. `file`: the order's file, which the worker does not know."""
    finding = Finding.model_validate(data)
    return finding.model_copy(update={"file": file}) if file and not finding.line else finding


ErrorReport = tuple[int, str, str, list[dict[str, Any]]]


def _error_report(error: Exception) -> ErrorReport:
    if isinstance(error, UsageError):
        return EXIT_USAGE, error.code, str(error), []
    if isinstance(error, InputRejected):
        return EXIT_REFUSED, "rejected", _refused_message(error), [finding.model_dump() for finding in error.findings]
    operation = _operation_error_report(error)
    if operation:
        return operation
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        return EXIT_REFUSED, "system", f"{where}{error.strerror or error}", []
    text = f"{type(error).__name__}: {error}".strip()
    return EXIT_REFUSED, "internal", f"This is an error in Ordo, not in your input: {text} (--debug shows where)", []


def _operation_error_report(error: Exception) -> ErrorReport | None:
    """Does not import the client: a command that called no server has no such error, and starts faster."""
    errors = sys.modules.get("operations.errors")
    if errors is None or not isinstance(error, errors.OperationError):
        return None
    return error.exit_status, error.code, error.message, list(error.findings)


def _refused_message(error: InputRejected) -> str:
    count = sum(finding.severity == "error" for finding in error.findings)
    errors = pluralize(count, "error")
    if isinstance(error, CatalogueInvalid):
        return f"The definitions cannot be used: {errors}. `validate` lists them."
    if isinstance(error, OrderRejected):
        return f"The order is rejected: {errors}."
    return f"Refused: {errors}."


def usage_message(error: Exception, program: str, argv: Sequence[str]) -> str:
    """The message of the argument parser, the usage, and where to read more."""
    text = getattr(error, "format_message", lambda: str(error))().replace(": Value error, ", ": ", 1)
    context = getattr(error, "ctx", None)
    if text == MISSING_COMMAND and context is not None:
        text = f"Missing command: one of {', '.join(context.command.list_commands(context))}."
    path = context.command_path if context is not None else program
    usage = " ".join(context.get_usage().split()) if context is not None and argv else ""
    return "\n".join(filter(None, (f"Error: {text}", usage, f"`{path} --help` explains.")))
