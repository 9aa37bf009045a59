"""`validate`: explanations, reports for code hosts, and exit statuses for CI."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.command_line import call

ERROR = "kind: commercial_product\nid: tea\nnmae: Tea\nsteps: {go: {milestone: true}}\n"
WARNING = "kind: commercial_product\nid: tea\nsteps: {go: {milestone: true}, no: {milestone: true, when: false}}\n"


@pytest.fixture
def catalogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one error and one warning, in the working folder."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "my offers"
    folder.mkdir()
    (folder / "a.yaml").write_text(ERROR)
    (folder / "b.yaml").write_text(WARNING.replace("tea", "tree"))
    return folder


def test_explain_prints_meaning_and_both_examples() -> None:
    called = call("validate", "--explain", "condition-never")
    assert called.status == 0
    assert called.out.startswith("condition-never (warning)\n\nA condition is never true.")
    fails, passes = called.out.split("Fails:")[1].split("Passes:")
    assert "when: false" in fails
    assert "when: false" not in passes


def test_explain_shows_links_as_addresses() -> None:
    assert "language.md (docs/language.md#failure-handling)" in call("validate", "--explain", "failure-rule-never").out


def test_explain_as_json_has_the_files_of_the_examples() -> None:
    page = call("validate", "--explain", "attribute-missing", "-o", "json").json
    assert (page["code"], page["severity"], page["subject"]) == ("attribute-missing", "error", "orders")
    assert set(page["fails"]["files"]) == {"definitions.yaml", "order.yaml"}


def test_explain_of_an_unknown_code_suggests_one_or_lists_all() -> None:
    called = call("validate", "--explain", "conditon-never")
    assert called.status == 2
    assert called.err == "Error: There is no finding `conditon-never`; did you mean `condition-never`?\n"
    assert "no finding `zzz`. The codes are across-useless, " in call("validate", "--explain", "zzz").err


@pytest.mark.parametrize("arguments", [["definitions"], ["-o", "sarif"], ["--watch"]])
def test_explain_takes_nothing_else(arguments: list[str]) -> None:
    called = call("validate", "--explain", "key-unknown", *arguments)
    assert (called.status, called.out) == (2, "")


def test_findings_name_the_explanation(catalogue: Path) -> None:
    assert "`validate --explain key-unknown`" in call("validate", catalogue).err


def test_warnings_fail_only_if_asked(catalogue: Path) -> None:
    (catalogue / "a.yaml").unlink()
    assert call("validate", catalogue).status == 0
    assert call("validate", catalogue, "--fail-on", "error").status == 0
    assert call("validate", catalogue, "--fail-on", "warning").status == 1
    assert call("validate", "--fail-on", "warning", "--definitions", catalogue, "-o", "json").json["ok"] is True


def test_no_warning_passes_strictly() -> None:
    assert call("validate", "--fail-on", "warning").status == 0


def test_sarif_has_rules_results_and_places(catalogue: Path) -> None:
    called = call("validate", catalogue.name, "-o", "sarif")
    assert called.status == 1
    log = called.json
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [(rule["id"], rule["defaultConfiguration"]["level"]) for rule in rules] == [
        ("condition-never", "warning"),
        ("key-unknown", "error"),
    ]
    assert "## Passes" in rules[0]["help"]["markdown"]
    first, second = run["results"]
    assert (first["ruleId"], first["level"], first["ruleIndex"]) == ("key-unknown", "error", 1)
    assert first["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "my%20offers/a.yaml"},
                "region": {"startLine": 3, "startColumn": 1},
            }
        }
    ]
    assert (second["ruleId"], second["ruleIndex"]) == ("condition-never", 0)


def test_sarif_of_a_valid_catalogue_has_no_result() -> None:
    (run,) = call("validate", "-o", "sarif").json["runs"]
    assert (run["results"], run["tool"]["driver"]["rules"]) == ([], [])


def test_finding_without_a_position_has_no_region(tmp_path: Path) -> None:
    (run,) = call("validate", tmp_path, "-o", "sarif").json["runs"]
    assert run["results"][0]["ruleId"] == "catalogue-empty"
    assert "region" not in run["results"][0]["locations"][0]["physicalLocation"]


def fingerprints(folder: Path) -> list[str]:
    return [issue["fingerprint"] for issue in call("validate", folder, "-o", "gitlab").json]


def test_fingerprints_stay_if_lines_move_and_are_all_different(catalogue: Path) -> None:
    before = fingerprints(catalogue)
    (catalogue / "a.yaml").write_text("# a remark\n\n" + ERROR)
    assert fingerprints(catalogue) == before
    (catalogue / "a.yaml").write_text(ERROR + "---\n" + ERROR.replace("tea", "coffee"))
    assert len(set(fingerprints(catalogue))) == 3


def test_gitlab_report_has_paths_from_the_working_folder(catalogue: Path) -> None:
    first, second = call("validate", catalogue, "-o", "gitlab").json
    assert first["location"] == {"path": "my offers/a.yaml", "lines": {"begin": 3}}
    assert (first["severity"], second["severity"]) == ("critical", "minor")
    assert (first["check_name"], second["check_name"]) == ("key-unknown", "condition-never")


def test_github_commands_escape_what_would_end_them(catalogue: Path) -> None:
    (catalogue / "a.yaml").rename(catalogue / "50%, a:b.yaml")
    called = call("validate", catalogue, "-o", "github")
    assert called.out.splitlines()[0] == (
        "::error file=my offers/50%25%2C a%3Ab.yaml,line=3,col=1,title=key-unknown"
        "::there is no key `nmae` here; did you mean `name`?"
    )
    assert called.out.splitlines()[1].startswith("::warning file=my offers/b.yaml,line=3,col=")


def test_wrong_usage_leaves_a_report_empty() -> None:
    called = call("validate", "definitions", "--explain", "key-unknown", "-o", "gitlab")
    assert (called.status, called.out) == (2, "")
