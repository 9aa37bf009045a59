"""What holds of every answer, in addition to the checks of schemathesis."""

from __future__ import annotations

import httpx
import schemathesis
from schemathesis.checks import CheckFunction

from tests.gateway.api_fuzz.known_values import AnyCase
from tests.support.gateway.schema import check_error, operation_of


def is_in_the_schema(_context: schemathesis.CheckContext, sent: schemathesis.Response, case: AnyCase) -> bool | None:
    """Also each line of a stream, and errors of paths and methods that the schema does not have."""
    headers = [(name, each) for name, values in sent.headers.items() for each in values if name != "content-encoding"]
    request = httpx.Request(case.method, str(sent.request.url))
    response = httpx.Response(sent.status_code, headers=headers, content=sent.content, request=request)
    operation = operation_of(request)
    if operation is not None:
        operation.validate_shape(response)
    else:
        assert response.is_error, f"{request.method} {request.url} is not in the schema, and succeeds"
        check_error(response)
    return None


def valid_request_is_not_refused_for_its_shape(
    _context: schemathesis.CheckContext, response: schemathesis.Response, case: AnyCase
) -> bool | None:
    """What the schema allows may be refused for what it means, not by a stricter schema that nobody sees."""
    if not (case.meta and case.meta.generation.mode.is_positive) or case.method != case.operation.method.upper():
        return None
    assert response.status_code not in (400, 405, 408, 413, 415), response.text
    if response.status_code == 422:
        findings = response.json()["error"].get("findings", [])
        assert not [each for each in findings if each["file"] == "request"], response.text
    return None


CHECKS: list[CheckFunction] = [is_in_the_schema, valid_request_is_not_refused_for_its_shape]
