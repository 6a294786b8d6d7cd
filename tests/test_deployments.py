"""The action for GitHub and the manifest for Kubernetes do what they say: their commands run."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.database import Database
from tests.guide import Reader
from tests.repository import Repository

ROOT = Path(__file__).parent.parent
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
MANIFESTS = (ROOT / "examples/kubernetes/fees.yaml").read_text(encoding="utf-8")
JOB, DEPLOYMENT = yaml.safe_load_all(MANIFESTS)
_INSTALL, _VALIDATE, _CHANGELOG, _VERIFY, _IMPACT, _SCHEMA = ACTION["runs"]["steps"]


@pytest.fixture
def checkout(repository: Repository, programs: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """A project with a migration and its entry, where the shell finds sqlmig."""
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    repository.entered("001")
    return repository


def run_step(reader: Reader, step: dict[str, Any], inputs: dict[str, str]) -> None:
    """Runs a step of the action with these inputs, as a runner does."""
    assert step["shell"] == "bash"
    variables = {
        name: re.sub(r"\$\{\{ inputs\.(\w+) \}\}", lambda found: inputs[found[1]], value)
        for name, value in step.get("env", {}).items()
    }
    reader.run(f"set -e\n{step['run']}", 0, **variables)


def inputs(**given: str) -> dict[str, str]:
    """The inputs of the action: those that are given, else their defaults."""
    return {name: each["default"] for name, each in ACTION["inputs"].items()} | given


def test_the_action_accepts_a_migration_with_its_entry(checkout: Repository) -> None:
    before = checkout.commit()
    checkout.entered("001", "002")
    checkout.commit()
    for step in (_VALIDATE, _CHANGELOG):
        run_step(Reader(checkout.root), step, inputs(against=before))


def test_the_action_refuses_a_migration_without_its_entry(checkout: Repository) -> None:
    before = checkout.commit()
    checkout.entered("001", "002")
    checkout.changelog("001")
    checkout.commit()
    with pytest.raises(AssertionError, match="::error file=sql/migrations/002"):
        run_step(Reader(checkout.root), _CHANGELOG, inputs(against=before))


@pytest.mark.long_form  # it downloads, and starts a server
def test_the_action_installs_itself_and_tests_rollbacks(
    checkout: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = {"RUNNER_TEMP": str(tmp_path), "GITHUB_ACTION_PATH": str(ROOT)}
    paths = tmp_path / "paths"
    before = checkout.commit()
    checkout.entered("001", "002")
    for name in ("001", "002"):
        checkout.write(f"sql/rollbacks/{name}.sql", f"DROP TABLE t{name};")
    checkout.commit()
    reader = Reader(checkout.root)
    reader.run(_INSTALL["run"], 0, **places, GITHUB_PATH=str(paths))
    monkeypatch.setenv("PATH", f"{paths.read_text().strip()}{os.pathsep}{os.environ['PATH']}")
    try:
        reader.run("sqlmig --embedded schema")
        for step in (_VERIFY, _IMPACT, _SCHEMA):
            run_step(reader, step, inputs(against=before))
        checkout.write("sql/rollbacks/001.sql", "SELECT 1;")
        with pytest.raises(AssertionError, match="not restored  001"):
            run_step(reader, _VERIFY, inputs())
    finally:
        reader.run("sqlmig --embedded embedded reset --yes")


def containers(manifest: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The containers of a manifest that run sqlmig, in the order in which they run."""
    pod = manifest["spec"]["template"]["spec"]
    both = pod.get("initContainers", []) + pod["containers"]
    return (each for each in both if "command" in each)


def run_container(reader: Reader, container: dict[str, Any], url: str, expected: int = 0) -> None:
    """Runs its command with its variables; the secrets are that database."""
    variables = {each["name"]: each.get("value", url) for each in container["env"]}
    assert all("value" in each or "secretKeyRef" in each["valueFrom"] for each in container["env"])
    reader.run(shlex.join(container["command"]), expected, **variables)


def test_new_instances_wait_until_the_job_has_migrated(
    checkout: Repository, database: Database
) -> None:
    reader = Reader(checkout.root)
    (migrate,), (wait,) = containers(JOB), containers(DEPLOYMENT)
    run_container(reader, wait, database.url, expected=1)
    assert database.relations() == []
    run_container(reader, migrate, database.url)
    run_container(reader, wait, database.url)


def test_the_guides_show_what_is_in_the_files() -> None:
    guide = (ROOT / "docs/replicas.md").read_text(encoding="utf-8")
    shown = re.findall(r"^```yaml\n(.*?)^```$", guide, re.DOTALL | re.MULTILINE)
    assert len(shown) == 2
    assert [block for block in shown if block not in MANIFESTS] == []
    section = (ROOT / "docs/ci.md").read_text(encoding="utf-8").partition("### GitHub Action")[2]
    assert re.findall(r"^\| `(\w+)` ", section, re.MULTILINE) == list(ACTION["inputs"])
