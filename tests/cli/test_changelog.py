"""The commands about the changelog and the one that begins a migration, as a user runs them."""

from __future__ import annotations

import json
import shutil

import pytest

from tests.command import Run
from tests.repository import UNRELEASED, Repository, bullet


@pytest.fixture
def run(repository: Repository) -> Run:
    """Runs commands in the repository's folder."""
    return Run(repository.root)


def short(repository: Repository) -> str:
    """The commit of the branch, as the linter shows it."""
    return repository.git("rev-parse", "--short=12", "HEAD").strip()


@pytest.fixture(autouse=True)
def one_migration(repository: Repository) -> None:
    repository.entered("001_a")
    repository.commit()


# lint


def test_a_changelog_in_order_is_said_to_be(run: Run, repository: Repository) -> None:
    done = run("changelog", "lint")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        f"1 migration in the index, compared with {short(repository)} of main: "
        "docs/CHANGELOG.md has an entry for each.\n"
    )


def test_findings_have_their_place_and_what_to_do(run: Run, repository: Repository) -> None:
    repository.migration("002_b", "-- The second of all tables\nselect 1;")
    done = run("changelog", "lint", "--worktree")
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "sql/migrations/002_b.sql:1:1: CL001 002_b has no entry in docs/CHANGELOG.md",
        "  Add this under `### Added` of `## [Unreleased]`: - `002_b`: The second of all tables.",
        f"2 migrations in the working tree, compared with {short(repository)} of main: 1 error.",
    ]


def test_json_has_every_finding(run: Run, repository: Repository) -> None:
    repository.migration("002_b", "select 1;")
    done = run("changelog", "lint", "--worktree", "--format", "json")
    assert done.returncode == 1
    document = json.loads(done.stdout)
    assert (document["version"], document["migrations"]) == (1, 2)
    head = repository.git("rev-parse", "HEAD").strip()
    assert document["baseline"] == {"commit": head, "revision": "main"}
    (finding,) = document["findings"]
    assert (finding["code"], finding["severity"]) == ("CL001", "error")
    assert finding["location"] == {"path": "sql/migrations/002_b.sql", "line": 1, "column": 1}


def test_github_gets_annotations(run: Run, repository: Repository) -> None:
    repository.write("sql/migrations/002_50%,b.sql", "select 1;")
    done = run("changelog", "lint", "--worktree", "--format", "github")
    assert done.returncode == 1
    line, tally = done.stdout.splitlines()
    compared = f"compared with {short(repository)} of main"
    assert tally == f"2 migrations in the working tree, {compared}: 1 error."
    assert line.startswith(
        "::error file=sql/migrations/002_50%25%2Cb.sql,line=1,col=1,title=CL001::002_50%25,b has no"
    )
    assert "%0AAdd this under" in line


def test_only_errors_fail_unless_it_is_strict(run: Run, repository: Repository) -> None:
    repository.migration("001_a", "create table t001_a ();", rollback="select 2;")
    done = run("changelog", "lint", "--worktree")
    assert (done.returncode, "CL203 warning: " in done.stdout) == (0, True)
    assert run("changelog", "lint", "--worktree", "--strict").returncode == 1
    repository.migration("001_a", "-- A table\ncreate table t001_a ();")
    done = run("changelog", "lint", "--worktree", "--strict")
    assert (done.returncode, "CL202 note: " in done.stdout) == (0, True)


@pytest.mark.parametrize("count", [1, 255, 256, 257, 512])
def test_any_number_of_findings_exits_1(run: Run, repository: Repository, count: int) -> None:
    for number in range(2, count + 2):
        repository.write(f"sql/migrations/{number:03}_x.sql", "select 1;")
    done = run("changelog", "lint", "--worktree")
    assert done.returncode == 1
    assert done.stdout.count("CL001") == count


def test_the_output_is_the_same_each_time(run: Run, repository: Repository) -> None:
    for number in range(2, 40):
        repository.write(f"sql/migrations/{number:03}_x.sql", "select 1;")
    repository.changelog("001_a", "900_gone", "901_gone")
    first = run("changelog", "lint", "--worktree").stdout
    assert first == run("changelog", "lint", "--worktree").stdout
    places = [line for line in first.splitlines() if ": CL" in line]
    assert len(places) == 38
    assert places == sorted(places)


@pytest.mark.parametrize(
    "arguments",
    [
        ("lint", "--staged", "--worktree"),
        ("lint", "--rev", "HEAD", "--worktree"),
        ("lint", "--rev", "nowhere"),
        ("lint", "--rev", ""),
        ("lint", "--rev", "HEAD", "--against", "HEAD"),
        ("lint", "--against", ""),
        ("lint", "--against", "origin/main"),
        ("lint", "--format", "xml"),
        ("add",),
        ("add", "001", "entered already, by hand"),
        ("add", "999", "there is no such migration"),
        ("add", "001:up", "there is no such aspect"),
        ("add", "001:edit", "short"),
        ("add", "001:edit", "of no type that there is", "--type", "Improved"),
        ("nonsense",),
    ],
)
def test_wrong_usage_exits_2_without_a_traceback(run: Run, arguments: tuple[str, ...]) -> None:
    done = run("changelog", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.strip()
    assert "Traceback" not in done.stderr


def test_a_folder_without_git_exits_2(run: Run, repository: Repository) -> None:
    done = run("changelog", "lint", "--project", str(repository.root.parent))
    assert done.returncode == 2
    assert done.stderr.startswith("Error: git rev-parse: not a git repository")


def test_the_options_of_lint_are_in_its_help(run: Run) -> None:
    page = run("changelog", "lint", "--help").stdout
    assert "--format [text|json|github]" in page
    assert "--database-url" not in page


def test_the_rules_are_printed(run: Run, repository: Repository) -> None:
    assert run("changelog", "rules").stdout.startswith("# The rules of the changelog\n")


# Where there is no project


@pytest.fixture
def nested(repository: Repository) -> Repository:
    """A repository whose projects lie in folders: with settings, and with migrations alone."""
    for name in ("docs", "sql"):
        shutil.rmtree(repository.root / name)
    backend = Repository(repository.root / "backend")
    backend.entered("001_a")
    repository.write("services/fees/sqlmig.toml", "")
    repository.write("services/rooms/pyproject.toml", "[tool.sqlmig]\n")
    repository.write("services/none/pyproject.toml", "[project]\n")
    repository.write("services/broken/pyproject.toml", "[")
    repository.write("node_modules/x/sqlmig.toml", "")
    repository.commit()
    return repository


@pytest.mark.parametrize(
    "arguments",
    [
        ("changelog", "lint"),
        ("changelog", "lint", "--worktree"),
        ("changelog", "lint", "--rev", "HEAD", "--against", "HEAD~1"),
        ("changelog", "lint", "--format", "github"),
        ("validate",),
    ],
)
def test_a_folder_above_the_project_is_refused_with_the_projects_below(
    run: Run, nested: Repository, arguments: tuple[str, ...]
) -> None:
    if "HEAD~1" in arguments:
        nested.commit()
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines() == [
        f"Error: {nested.root} has neither sqlmig settings nor the folder sql/migrations",
        "Projects in subfolders: backend, services/fees, services/rooms. "
        "Change to one of them, or name it: --project backend",
    ]
    assert run(*arguments, "--project", "backend").returncode == 0


def test_json_names_the_projects_below(run: Run, nested: Repository) -> None:
    done = run("validate", "--format", "json")
    assert done.returncode == 2
    assert "backend, services/fees" in done.stdout + done.stderr


def test_a_folder_with_nothing_below_says_how_to_begin(run: Run, repository: Repository) -> None:
    for name in ("docs", "sql"):
        shutil.rmtree(repository.root / name)
    repository.git("commit", "--quiet", "--all", "--amend", "--no-edit", "--allow-empty")
    for arguments in (("changelog", "lint"), ("validate",)):
        done = run(*arguments)
        assert done.returncode == 2
        assert "sqlmig init" in done.stderr


@pytest.mark.parametrize(
    "path",
    [
        "sqlmig.toml",
        "pyproject.toml",
        "sql/migrations/.gitkeep",
        "mongo_seeds/reference/10_classes.json",
    ],
)
def test_a_project_without_migrations_passes(run: Run, repository: Repository, path: str) -> None:
    for name in ("docs", "sql"):
        shutil.rmtree(repository.root / name)
    contents = {"pyproject.toml": "[tool.sqlmig]\n", "10_classes.json": '[{"_id": "a"}]'}
    repository.write(path, contents.get(path.rpartition("/")[2], ""))
    repository.write("docs/CHANGELOG.md", UNRELEASED)
    repository.git("update-ref", "-d", "HEAD")
    repository.git("add", "--all")
    for arguments in (("changelog", "lint"), ("changelog", "lint", "--worktree"), ("validate",)):
        done = run(*arguments)
        assert (done.returncode, done.stderr) == (0, ""), arguments
    assert run("changelog", "lint").stdout.startswith(
        "0 migrations in the index, compared with nothing (the first commit)"
    )


def test_removing_all_migrations_is_no_missing_project(run: Run, repository: Repository) -> None:
    repository.git("rm", "--quiet", "-r", "sql")
    done = run("changelog", "lint")
    assert (done.returncode, "CL202" in done.stdout) == (1, True)


def test_rollbacks_without_migrations_are_no_empty_project(
    run: Run, repository: Repository
) -> None:
    repository.remove("sql/migrations/001_a.sql")
    assert run("validate").returncode == 2


def test_a_folder_that_the_settings_name_has_to_be_there(run: Run, repository: Repository) -> None:
    repository.write("sqlmig.toml", 'migrations = "sql/migratoins"\n')
    for arguments in (("validate",), ("changelog", "lint"), ("changelog", "lint", "--worktree")):
        done = run(*arguments)
        assert (done.returncode, "no such folder, but sqlmig.toml" in done.stderr) == (2, True)


# add and new


def test_an_entry_is_added_and_passes(run: Run, repository: Repository) -> None:
    repository.migration("002_b", "select 1;")
    done = run("changelog", "add", "2", "the second of all tables")
    assert done.returncode == 0
    assert done.stdout == "added  docs/CHANGELOG.md:8:1: - `002_b`: the second of all tables.\n"
    assert run("changelog", "lint", "--worktree").returncode == 0


def test_a_type_may_be_written_small(run: Run, repository: Repository) -> None:
    assert run("changelog", "add", "1:down", "drops it for good", "--type", "fixed").returncode == 0
    text = (repository.root / "docs/CHANGELOG.md").read_text()
    assert (
        text == UNRELEASED + bullet("001_a") + "\n### Fixed\n\n- `001_a:down`: drops it for good.\n"
    )


def test_new_says_nothing_of_a_changelog_that_the_project_does_not_have(
    run: Run, repository: Repository
) -> None:
    repository.remove("docs/CHANGELOG.md")
    assert "no changelog entry" not in run("new", "add invoices").stdout
    told = "no changelog entry: there is no docs/CHANGELOG.md\n"
    assert told in run("new", "add rooms", "--verbose").stdout
    assert json.loads(run("new", "add doors", "--format", "json").stdout)["entry"] is None
    repository.write("sqlmig.toml", 'changelog = "CHANGES.md"\n')
    assert "no changelog entry: there is no CHANGES.md\n" in run("new", "add windows").stdout


def test_what_new_writes_passes_both_checks(run: Run, repository: Repository) -> None:
    done = run("new", "add invoices")
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        "created  sql/migrations/002_add_invoices.sql",
        "created  sql/rollbacks/002_add_invoices.sql",
        "added  docs/CHANGELOG.md:8:1: - `002_add_invoices`: add invoices.",
        "Next: write the SQL for both directions, then run sqlmig apply",
        "Before a deployment: sqlmig impact",
    ]
    assert (
        run("new", "drop old rooms", "--irreversible", "gone", "--no-transaction").returncode == 0
    )
    assert run("new", "split the fees", "--adr").returncode == 0
    assert "has no statement" in run("validate").stderr
    for path in (repository.root / "sql").glob("*/*.sql"):
        if "001" not in path.name:
            path.write_text(f"{path.read_text()}select 1;\n")
    assert run("validate").returncode == 0
    repository.git("add", "--all")
    done = run("changelog", "lint", "--strict")
    assert (done.returncode, done.stdout.split(",")[0]) == (0, "4 migrations in the index")


def test_new_and_add_tell_programs_what_they_wrote(run: Run) -> None:
    document = json.loads(run("new", "add invoices", "--format", "json").stdout)
    assert (document["version"], document["id"]) == (1, "002_add_invoices")
    assert document["paths"][0] == "sql/migrations/002_add_invoices.sql"
    assert document["entry"]["line"] == 8


@pytest.mark.parametrize("description", ["", "日本語の説明をここに書く"])
def test_new_refuses_a_description_that_says_nothing_or_gives_no_name(
    run: Run, repository: Repository, description: str
) -> None:
    done = run("new", description)
    assert (done.returncode, done.stdout) == (2, "")
    assert repository.git("status", "--porcelain") == ""
