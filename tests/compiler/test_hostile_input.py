"""Whatever a file holds, loading answers with findings: no hang, no crash, no traceback, in bounded memory."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from compiler.load_catalogue import check_definitions
from tests.support.paths import ROOT

MEMORY = 2 * 1024**3
"""Bytes of address space that one loading may take."""
SECONDS = 120
"""A hang is told from a slow machine by this; nothing here takes a tenth of it."""
CHECKING = """
import json, sys
from compiler.load_catalogue import check_definitions
for folder in sys.argv[1:]:
    findings = check_definitions([folder])
    longest = max((len(str(one)) for one in findings), default=0)
    codes = sorted({one.code for one in findings})
    print(json.dumps([folder, len(findings), longest, codes]), flush=True)
"""
OFFER = "kind: commercial_product\nid: p\nquantity: one\nno_work_for: [add]\n"
RETRY = "kind: retry\nid: r\n"
STEP = OFFER + "steps:\n  go: {activity: x, with: {a: %s}}\n"


def bomb(width: int, depth: int) -> str:
    lines = ["a0: &a0 [" + ",".join("x" * width) + "]"]
    lines += [f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * width)}]" for n in range(1, depth)]
    return "\n".join(lines)


def many(line: str, count: int) -> str:
    return "".join(line.format(n) for n in range(count))


MB = 1024 * 1024
FILES: dict[str, tuple[str, set[str]]] = {
    "aliases in aliases": (bomb(9, 12), {"yaml-alias"}),
    "ten megabytes of list": (RETRY + "x:\n" + "- a\n" * (10 * MB // 4), {"file-too-large"}),
    "ten megabytes of mappings": (RETRY + "x:\n" + "- {  }  \n" * MB, {"file-too-large"}),
    "ten megabytes of text": (RETRY + "name: " + "x" * 10 * MB, {"definition-unused"}),
    "more than the limit": (RETRY + "name: " + "x" * 17 * MB, {"file-too-large"}),
    "a thousand brackets": ("a: " + "[" * 1000, {"yaml-depth"}),
    "a thousand braces": ("{a: " * 1000, {"yaml-depth"}),
    "a thousand indents": ("".join(" " * n + "a:\n" for n in range(1000)), {"yaml-depth"}),
    "a million dashes": ("- " * MB, {"yaml-depth"}),
    "a million question marks": ("? " * MB, {"yaml-depth"}),
    "a million colons": (": " * MB, {"yaml-syntax"}),
    "half a million duplicate keys": (
        "kind: retry\n" + "id: a\n" * 500_000,
        {"yaml-duplicate-key", "findings-left-out"},
    ),
    "100,000 unknown keys": (RETRY + many("k{}: 1\n", 100_000), {"key-unknown", "findings-left-out"}),
    "20,000 wrong steps": (
        OFFER + "steps:\n" + many("  k{0}: {{milestone: true, after: [x{0}]}}\n", 20_000),
        {"reference-unknown", "findings-left-out"},
    ),
    "a chain of 5,000 steps": (
        OFFER + "steps:\n  k0: {milestone: true}\n"
        + "".join(f"  k{n}: {{milestone: true, after: [k{n - 1}]}}\n" for n in range(1, 5_000)),
        set(),
    ),
    "5,000 unknown products": (
        many("kind: technical_product\nid: p{0}\ndecomposes_to: [{{product: q{0}}}]\n---\n", 5_000),
        {"reference-unknown", "findings-left-out"},
    ),
    "20,000 times the same id": (many("kind: retry\nid: p\n---\n", 20_000), {"id-duplicate", "findings-left-out"}),
    "100,000 broken documents": ("---\na\n" * 100_000, {"type-wrong", "findings-left-out"}),
    "everybody contains everybody": (
        many("kind: technical_product\nid: p{}\nsteps: {{go: {{milestone: true}}}}\ndecomposes_to: ["
             + ", ".join(f"{{{{product: p{n}}}}}" for n in range(60)) + "]\n---\n", 60),
        {"cycle-products"},
    ),
    "a number of five million digits": (RETRY + "max_attempts: " + "9" * 5 * MB, {"yaml-number"}),
    "a name of five million letters": (
        OFFER + "decomposes_to: [{product: " + "x" * 5 * MB + "}]\n", {"reference-unknown"}
    ),
    "an enum of 200,000": (
        OFFER + "attributes: {x: {type: string, default: zz, enum: [" + many("v{},", 200_000) + "]}}",
        {"default-misfit"},
    ),
    "an expression of a megabyte": (STEP % ('"${' + "1+" * (MB // 2) + '1}"'), {"expression-syntax"}),
    "an expression of a megabyte of quotes": (STEP % ('"${' + "\\\\'" * (MB // 3) + '}"'), {"expression-syntax"}),
    "parentheses 4,000 deep": (STEP % ('"${' + "(" * 4000 + "1" + ")" * 4000 + '}"'), {"expression-syntax"}),
    "brackets 10,000 deep": (STEP % ('"${' + "[" * 10_000 + "]" * 10_000 + '}"'), {"expression-syntax"}),
    "ten sums of 5,000": (
        OFFER + "steps:\n" + many('  k{}: {{milestone: true, when: "' + "1+" * 4900 + '1 > 1"}}\n', 10),
        {"expression-syntax"},
    ),
    "half a million open braces": (STEP % ('"' + "${" * (MB // 2) + '"'), {"expression-syntax"}),
    "a quarter million expressions in a text": (STEP % ('"' + "${1}" * (MB // 4) + '"'), set()),
    "a pattern that backtracks": (
        OFFER + 'attributes: {x: {type: string, default: "' + "a" * 5000 + '", pattern: "(a+)+$b"}}', {"default-misfit"}
    ),
    "a pattern that explodes": (
        OFFER + 'attributes: {x: {type: string, pattern: "((a{1000}){1000}){1000}"}}', {"pattern-invalid"}
    ),
    "tabs": ("kind: retry\n" + "\tid: a\n" * 100_000, {"yaml-syntax"}),
}  # fmt: skip


def checked(*folders: Path) -> dict[str, tuple[int, int, set[str]]]:
    """Of each folder how many findings, the length of the longest, and their codes; in one bounded process."""

    def bounded() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))

    done = subprocess.run(
        [sys.executable, "-c", CHECKING, *map(str, folders)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        preexec_fn=bounded,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout[-200:]}{done.stderr[-2000:]}"
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return {Path(folder).name: (count, longest, set(codes)) for folder, count, longest, codes in lines}


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, int, set[str]]]:
    """What loading says of each of the files."""
    root = tmp_path_factory.mktemp("hostile")
    for name, (text, _) in FILES.items():
        (root / name).mkdir()
        (root / name / "file.yaml").write_text(text, encoding="utf-8")
    return checked(*(root / name for name in FILES))


@pytest.mark.parametrize("name", FILES)
def test_hostile_file_gives_findings_in_bounded_time_and_memory(
    name: str, answers: dict[str, tuple[int, int, set[str]]]
) -> None:
    count, longest, codes = answers[name]
    assert codes == FILES[name][1]
    assert count <= 1_001
    assert longest < 1_500


RAW = [b"\0" * 1000, b"\xff\xfe" * 1000, b"a: \xed\xa0\x80", b"a: \x1b[31m", bytes(range(256))]


@pytest.mark.parametrize("raw", RAW)
def test_bytes_that_are_not_text_are_one_finding(raw: bytes, tmp_path: Path) -> None:
    (tmp_path / "file.yaml").write_bytes(raw)
    assert [finding.code for finding in check_definitions([tmp_path])] == ["yaml-encoding"]


def test_missing_folder_and_cycle_of_links_are_findings(tmp_path: Path) -> None:
    (tmp_path / "one" / "two").mkdir(parents=True)
    (tmp_path / "one" / "two" / "back").symlink_to(tmp_path / "one")
    (tmp_path / "nowhere.yaml").symlink_to(tmp_path / "missing")
    (tmp_path / "folder.yaml").mkdir()
    assert {finding.code for finding in check_definitions([tmp_path])} == {"folder-circle", "file-missing"}
    assert [finding.code for finding in check_definitions([tmp_path / "missing"])] == ["folder-missing"]
