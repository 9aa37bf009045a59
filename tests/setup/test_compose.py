"""docker-compose.yml, as far as it can be held true without an engine: its form, and that all it names exists."""

from __future__ import annotations

import importlib.resources
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from stack import temporal_server
from tests.support.paths import ROOT
from workers.search_attribute_registration import REQUIRED_TYPES

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service.get("build")}
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
PINNED = re.compile(r"[a-z/-]+:\d+\.\d+[\w.-]*")


def sources() -> str:
    """All of the project's own code and definitions."""
    folders = (
        "activities",
        "cli",
        "console",
        "gateway",
        "http_server",
        "ledger",
        "operations",
        "sandbox",
        "definitions",
    )
    files = [path for folder in folders for path in (ROOT / folder).rglob("*") if path.suffix in (".py", ".yaml")]
    return "\n".join(path.read_text(encoding="utf-8") for path in [*files, ROOT / "worker.py"])


def listed(service: dict[str, Any], key: str) -> list[str]:
    return [str(each) for each in service.get(key, [])]


def environment_file(name: str) -> dict[str, str]:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def test_it_follows_the_compose_specification() -> None:
    vendored = importlib.resources.files("check_jsonschema") / "builtin_schemas" / "vendor" / "compose-spec.json"
    jsonschema.validate(COMPOSE, json.loads(vendored.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    "image", [*(s["image"] for s in SERVICES.values()), *re.findall(r"^FROM (\S+)", DOCKERFILE, re.M)]
)
def test_every_image_is_pinned_to_a_version(image: str) -> None:
    assert PINNED.fullmatch(image), image


def test_production_runs_the_temporal_that_was_tested() -> None:
    said = subprocess.run(
        [temporal_server.temporal_binary(), "--version"], capture_output=True, text=True, check=True
    ).stdout
    server, ui = re.findall(r"(?:Server|UI) ([\d.]+)", said)
    assert SERVICES["temporal"]["image"] == f"temporalio/server:{server}"
    assert {s["image"] for n, s in SERVICES.items() if n in ("temporal-schema", "temporal-namespace")} == {
        f"temporalio/admin-tools:{server}"
    }
    assert SERVICES["temporal-ui"]["image"] == f"temporalio/ui:{ui}"


@pytest.mark.parametrize("service", SERVICES)
def test_everything_mounted_is_there_or_declared(service: str) -> None:
    for mount in listed(SERVICES[service], "volumes"):
        source, target, *_ = mount.split(":")
        assert target.startswith("/")
        assert (ROOT / source).exists() if source.startswith(".") else source in COMPOSE["volumes"], mount
    for secret in listed(SERVICES[service], "secrets"):
        assert secret in COMPOSE["secrets"]
    for network in listed(SERVICES[service], "networks"):
        assert network == "default" or network in COMPOSE["networks"]
    for file in listed(SERVICES[service], "env_file"):
        assert (ROOT / file).is_file()


def test_each_secret_is_a_file_that_the_script_makes() -> None:
    script = (ROOT / "deploy" / "make_secrets.sh").read_text(encoding="utf-8")
    made = re.search(r"for name in (.+); do", script)
    assert made
    assert {secret["file"] for secret in COMPOSE["secrets"].values()} == {
        f"deploy/secrets/{name}" for name in made[1].split()
    }
    assert "deploy/secrets/" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()


def test_secrets_are_made_once_and_kept(tmp_path: Path) -> None:
    script = tmp_path / "make_secrets.sh"
    script.write_bytes((ROOT / "deploy" / "make_secrets.sh").read_bytes())
    made = []
    for _ in range(2):
        subprocess.run(["sh", script], check=True, capture_output=True)
        made.append({file.name: file.read_text() for file in (tmp_path / "secrets").iterdir()})
    assert made[0] == made[1]
    assert made[0].keys() == COMPOSE["secrets"].keys()
    assert all(len(secret) >= 32 for secret in made[0].values())
    assert (tmp_path / "secrets").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_waits_for_what_can_be_waited_for(service: str) -> None:
    for other, wanted in SERVICES[service].get("depends_on", {}).items():
        assert other in SERVICES
        if wanted["condition"] == "service_healthy":
            assert "healthcheck" in SERVICES[other], other
        else:
            assert SERVICES[other]["restart"].startswith("on-failure"), f"{other} would start again and again"


def test_only_the_gateway_is_published_beyond_this_machine() -> None:
    published = {name: listed(service, "ports") for name, service in SERVICES.items() if service.get("ports")}
    assert published.keys() == {"gateway", "console", "temporal-ui"}
    assert all(port.startswith("127.0.0.1:") for name in ("console", "temporal-ui") for port in published[name])


def test_the_database_is_reached_by_temporal_and_by_what_has_the_ledger_alone() -> None:
    assert COMPOSE["networks"]["database"]["internal"] is True
    reaches = {name for name, service in SERVICES.items() if "database" in service.get("networks", [])}
    has_ledger = {name for name, service in SERVICES.items() if "ordo_ledger_url" in listed(service, "secrets")}
    assert has_ledger == {"ledger-database", "ledger-schema", "worker", "gateway", "console"}
    assert reaches == has_ledger | {"postgresql", "temporal-schema", "temporal"}
    assert SERVICES["postgresql"]["networks"] == ["database"]
    assert not {name for name, service in OURS.items() if "postgres_password" in listed(service, "secrets")}


@pytest.mark.parametrize("service", OURS)
def test_our_containers_may_do_no_more_than_they_must(service: str) -> None:
    assert OURS[service]["read_only"] is True
    assert OURS[service]["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in OURS[service]["security_opt"]


def test_the_image_runs_as_an_ordinary_user_with_hashes_checked() -> None:
    assert re.findall(r"^USER (\S+)", DOCKERFILE, re.M) == ["ordo"]
    assert "--require-hashes -r requirements-production.lock" in DOCKERFILE


def test_the_image_has_all_of_the_project_that_runs() -> None:
    copied = {source for line in re.findall(r"^COPY ([^-].+)", DOCKERFILE, re.M) for source in line.split()[:-1]}
    assert all((ROOT / source).exists() for source in copied)
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "benchmarks"}
    assert packages | {"starter.py", "worker.py", "definitions", "orders"} <= copied
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert copied == kept, "what the builder gets is what the image copies"


def python_commands() -> Iterator[tuple[list[str], set[str]]]:
    """(module or script as python runs it, flags)"""
    for service in OURS.values():
        words = " ".join(service["command"]).split()
        words = words[words.index("python") + 1 :]
        program = words[:2] if words[0] == "-m" else words[:1]
        yield program, {word for word in words[len(program) :] if word.startswith("--")}


@pytest.mark.parametrize(("program", "flags"), list(python_commands()))
def test_every_command_is_there_and_knows_its_flags(program: list[str], flags: set[str]) -> None:
    said = subprocess.run([sys.executable, *program, "--help"], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert said.returncode == 0, said.stderr
    assert flags <= set(re.findall(r"--[a-z-]+", said.stdout))


@pytest.mark.parametrize("script", sorted((ROOT / "deploy").glob("*.sh")), ids=lambda path: path.name)
def test_every_script_can_be_read_by_the_shell(script: Path) -> None:
    assert subprocess.run(["sh", "-n", script], capture_output=True).stderr == b""


def test_the_namespace_script_speaks_the_command_line_of_that_temporal() -> None:
    script = (ROOT / "deploy" / "set_up_namespace.sh").read_text(encoding="utf-8").replace("\\\n", " ")
    for verb, flags in re.findall(r"temporal operator namespace (\w+)([^|\n]*)", script):
        command = [temporal_server.temporal_binary(), "operator", "namespace", verb, "--help"]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        assert set(re.findall(r"--[a-z]+", flags)) <= set(re.findall(r"--[a-z-]+", said))


def test_ended_orders_are_kept_as_long_as_by_the_embedded_server() -> None:
    assert SERVICES["temporal-namespace"]["environment"]["RETENTION"] == f"{temporal_server.RETENTION.days}d"


@pytest.mark.parametrize("service", OURS)
def test_every_variable_of_ours_is_one_that_the_code_reads(service: str) -> None:
    code = sources()
    for name in OURS[service].get("environment", {}):
        if name.startswith("ORDO_"):
            assert f'"{name}"' in code or f'"{name.removesuffix("_FILE")}"' in code, name


def test_the_systems_variables_are_those_that_the_catalogue_reads() -> None:
    files = (ROOT / "definitions" / name for name in ("systems.yaml", "receivers.yaml"))
    catalogue = "\n".join(file.read_text(encoding="utf-8") for file in files)
    wanted = set(re.findall(r"\$\{env\.(\w+)\}", catalogue)) - {"NAME"}
    wanted |= set(re.findall(r"\{env: (\w+)\}", catalogue)) - {"NAME"}
    assert environment_file("deploy/systems.env").keys() == wanted


def test_health_is_asked_where_it_is_answered() -> None:
    for name, folder in (("gateway", "gateway"), ("sandbox", "sandbox")):
        assert "/health'" in " ".join(OURS[name]["healthcheck"]["test"])
        assert any('"/health"' in path.read_text(encoding="utf-8") for path in (ROOT / folder).rglob("*.py")), folder


def test_namespace_gets_the_search_attributes_that_orders_write() -> None:
    script = (ROOT / "deploy/set_up_namespace.sh").read_text(encoding="utf-8")
    assert dict(re.findall(r"--name (\w+) --type (\w+)", script)) == REQUIRED_TYPES
