"""`make mutation FOLDER=compiler/decomposition [SAMPLE=30] [SEED=1] [TESTS="…"]`: do the tests notice changed code?

Changes one place of the folder's code at a time (Cosmic Ray's operators) and runs the tests that need no server
against each mutant, in a copy of the tree. Prints the mutants that no test notices. A development script, not CI.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.provider import OperatorProvider

ROOT = Path(__file__).parents[2]
OPERATORS = {name: OperatorProvider()[name] for name in OperatorProvider()}
Position = tuple[int, int]


@dataclass(frozen=True)
class Mutant:
    """One change of one file. `occurrence` counts the places at which the operator applies."""

    path: Path
    position: Position
    operator: str
    occurrence: int

    def mutate(self, source: str) -> str:
        changed: str | None = mutate_code(source, OPERATORS[self.operator](), self.occurrence)
        return source if changed is None else changed


def find_mutants(path: Path) -> Iterator[Mutant]:
    source = (ROOT / path).read_text(encoding="utf-8")
    tree, inert = get_ast(source), _inert_spans(source)
    for name, operator_class in OPERATORS.items():
        if operator_class.arguments():
            continue
        operator = operator_class()
        places = [start for node in ast_nodes(tree) for start, _ in operator.mutation_positions(node)]
        for occurrence, start in enumerate(places):
            if not any(first <= start < last for first, last in inert):
                yield Mutant(path, start, name, occurrence)


def _inert_spans(source: str) -> list[tuple[Position, Position]]:
    """Annotations and decorators: changing them changes no behaviour that a test can see."""
    spans = []
    for node in ast.walk(ast.parse(source)):
        parts: list[ast.expr | None] = list(getattr(node, "decorator_list", ()))
        parts += [getattr(node, "annotation", None), getattr(node, "returns", None)]
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Subscript):  # an alias of a type
            parts.append(node.value)
        spans += [
            ((part.lineno, part.col_offset - 1), (part.end_lineno or 0, part.end_col_offset or 0))
            for part in parts
            if isinstance(part, ast.expr)
        ]
    return spans


def choose_mutants(folder: str, sample: int, seed: int) -> list[Mutant]:
    """At most one mutant of each place, so that places with many operators do not fill the sample."""
    by_place: dict[tuple[Path, Position], list[Mutant]] = {}
    for path in sorted(path for path in _git_files(folder) if path.suffix == ".py"):
        for mutant in find_mutants(path):
            by_place.setdefault((path, mutant.position), []).append(mutant)
    generator = random.Random(seed)
    places = generator.sample(sorted(by_place), min(sample, len(by_place)))
    return [generator.choice(by_place[place]) for place in sorted(places)]


def _git_files(folder: str = ".") -> list[Path]:
    command = ["git", "ls-files", "-co", "--exclude-standard", folder]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [Path(line) for line in listed.splitlines() if (ROOT / line).is_file()]


def default_tests(folder: str) -> list[str]:
    """The folder's own tests first, then those of the whole package: pytest stops at the first failure."""
    package = Path(folder).parts[0]
    candidates = [f"tests/{folder}", f"tests/{package}"]
    return [path for path in candidates if (ROOT / path).exists()]


def run_tests(copy: Path, tests: list[str], timeout: float | None) -> bool:
    """Whether they pass, in time."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "tests.mutation.no_server", "-p", "no:cacheprovider"]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    environment.pop("PYTHONPATH", None)  # it holds Cosmic Ray, which tests must not see
    process = subprocess.Popen(
        [*command, *tests],
        cwd=copy, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        return process.wait(timeout) == 0
    except subprocess.TimeoutExpired:
        return False
    finally:
        if process.poll() is None:
            os.killpg(process.pid, 9)
            process.wait()


def describe(mutant: Mutant, source: str) -> str:
    lines = difflib.unified_diff(source.splitlines(), mutant.mutate(source).splitlines(), n=0, lineterm="")
    changed = [line for line in lines if line[:1] in "+-" and line[:3] not in ("+++", "---")]
    return "\n".join([f"{mutant.path}:{mutant.position[0]} {mutant.operator}", *(f"    {line}" for line in changed)])


def main() -> int:
    parser = argparse.ArgumentParser(prog="make mutation", description=__doc__)
    parser.add_argument("folder")
    parser.add_argument("--sample", type=int, default=30, help="number of mutants")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tests", nargs="*", help="test files or folders; by default those of the folder's package")
    options = parser.parse_args()
    tests = options.tests or default_tests(options.folder)
    mutants = choose_mutants(options.folder, options.sample, options.seed)
    killed = 0
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for path in _git_files():
            (copy / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / path, copy / path)
        began = time.monotonic()
        if not run_tests(copy, tests, None):
            sys.exit("The tests fail on the unchanged code: fix them first.")
        timeout = 3 * (time.monotonic() - began) + 20
        for number, mutant in enumerate(mutants, 1):
            source = (ROOT / mutant.path).read_text(encoding="utf-8")
            (copy / mutant.path).write_text(mutant.mutate(source), encoding="utf-8")
            survived = run_tests(copy, tests, timeout)
            (copy / mutant.path).write_text(source, encoding="utf-8")
            killed += not survived
            outcome = "SURVIVED" if survived else "killed"
            _print(f"{number}/{len(mutants)} {outcome} {describe(mutant, source)}")
    _print(f"{options.folder}: {killed} of {len(mutants)} mutants killed (seed {options.seed})")
    return 0


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
