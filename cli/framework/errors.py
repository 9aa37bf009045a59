"""Whatever goes wrong ends as one clear message and an exit status; a traceback only where it is asked for."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rich.text import Text

from cli.framework.session import Session
from compiler.source.findings import CatalogueInvalid, Finding, InputRejected, OrderRejected
from views.shared.findings import finding_lines

EXIT_REFUSED, EXIT_USAGE, EXIT_UNREACHABLE, EXIT_NOT_COMPLETED, EXIT_TIMED_OUT = 1, 2, 3, 4, 5
EXIT_INTERRUPTED = 130
EXIT_BROKEN_PIPE = 141
"""As a process that SIGPIPE ended."""


class UsageError(Exception):
    """The command was not called as it must be; the message says how."""

    code = "wrong_usage"


def run_reporting_errors(session: Session, run: Callable[[], int | None]) -> int:
    """Runs a command and returns its exit status, whatever happens in it."""
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
    """Says what went wrong, on standard error; with `-o json` also as a document. Returns the exit status."""
    status, code, message, findings = _error_report(error)
    if session.is_json:
        session.print_json({"error": {"code": code, "message": message, "findings": findings}})
    session.print_note(Text.assemble(("Error: ", "bold red"), message))
    shown = [finding if isinstance(finding, Finding) else parse_finding(finding) for finding in findings]
    for line in finding_lines(shown):
        session.print_note(line)
    return status


def parse_finding(data: Mapping[str, Any], file: str | None = None) -> Finding:
    """A finding as a worker's answer carries it; `file`: what the person calls the order that it is about."""
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
    said = f"{type(error).__name__}: {error}".strip()
    return (
        EXIT_REFUSED,
        "internal",
        f"This is a mistake in Ordo, not in what you gave it. {said} (--debug shows where)",
        [],
    )


def _operation_error_report(error: Exception) -> ErrorReport | None:
    """Looks without importing: a command that asked no server has no such errors, and need not pay for the client."""
    errors = sys.modules.get("operations.errors")
    if errors is None or not isinstance(error, errors.OperationError):
        return None
    return error.exit_status, error.code, error.message, list(error.findings)


def _refused_message(error: InputRejected) -> str:
    count = sum(finding.severity == "error" for finding in error.findings)
    mistakes = "one mistake" if count == 1 else f"{count} mistakes"
    if isinstance(error, CatalogueInvalid):
        return f"The definitions cannot be used: {mistakes}. `validate` explains."
    if isinstance(error, OrderRejected):
        return f"The order is rejected: {mistakes}."
    return f"Refused: {mistakes}."


def usage_message(error: Exception, program: str, argv: Sequence[str]) -> str:
    """What the parser of the command line found, and where to read how it is meant."""
    text = getattr(error, "format_message", lambda: str(error))()
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else program
    usage = " ".join(context.get_usage().split()) if context is not None and argv else ""
    return "\n".join(filter(None, (f"Error: {text}", usage, f"`{path} --help` explains.")))
