"""The results of scenarios as JUnit XML, which build servers read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree import ElementTree

from compiler.source.findings import Finding
from scenarios.verdict import ScenarioResult

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit_xml(results: Sequence[ScenarioResult], findings: Sequence[Finding], seconds: float) -> str:
    """One test case for each scenario; its class is its file. An invalid scenario is an error."""
    failed = sum(not result.passed for result in results)
    suite = ElementTree.Element(
        "testsuite",
        name="scenarios",
        tests=str(len(results) + len(findings)),
        failures=str(failed),
        errors=str(len(findings)),
        time=f"{seconds:.3f}",
    )
    for result in results:
        case = _case(suite, result.id, result.location.file, result.location.line, f"{result.seconds:.3f}")
        if not result.passed:
            text = "\n".join(f"{failure.location}: {failure.message}" for failure in result.failures)
            message = result.failures[0].message
            ElementTree.SubElement(case, "failure", message=_text(message), type="failed").text = _text(text)
    for finding in findings:
        case = _case(suite, f"{finding.file}:{finding.line}", finding.file, finding.line, "0")
        message = _text(finding.message)
        ElementTree.SubElement(case, "error", message=message, type=finding.code).text = _text(str(finding))
    root = ElementTree.Element("testsuites")
    root.append(suite)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _case(suite: ElementTree.Element, name: str, file: str, line: int, seconds: str) -> ElementTree.Element:
    return ElementTree.SubElement(
        suite, "testcase", name=_text(name), classname=_text(file), file=_text(file), line=str(line), time=seconds
    )


def _text(value: str) -> str:
    """Without characters that XML does not allow."""
    return _NOT_XML.sub("\ufffd", value)
