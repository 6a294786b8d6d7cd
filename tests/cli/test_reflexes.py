"""What other tools call a command or an option leads to the one that does it here."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.command import Run


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("--url postgresql:///x status", "No such option '--url'. Did you mean --database-url?"),
        ("status -u postgresql:///x", "No such option '-u'. Did you mean --database-url?"),
        ("apply --wait", "'--wait'. Did you mean sqlmig apply --wait-for-database 30?"),
        ("-e development status", "No such option '-e'. Did you mean --env?"),
        ("-d db/migrations status", "'-d'. Did you mean the setting `migrations`?"),
        ("--migrations-dir x status", "Did you mean the setting `migrations`?"),
        ("apply --env-file .env", "Did you mean the setting `env_file`?"),
        ("wait", "'wait'. Did you mean sqlmig apply --wait-for-database 30?"),
        (
            "dump",
            "'dump'. Did you mean sqlmig schema, which writes a document, or for SQL "
            "pg_dump --schema-only?",
        ),
        ("load", "'load'. Did you mean sqlmig apply?"),
        ("version", "'version'. Did you mean sqlmig --version?"),
        ("reset", "'reset'. Did you mean sqlmig embedded reset, or sqlmig drop?"),
        ("create add_users", "(add_users). Did you mean sqlmig new add_users?"),
        ("create add users", '(add users). Did you mean sqlmig new "add users"?'),
        (
            "new add price column",
            "extra arguments (price column). Put the description in quotes: "
            'sqlmig new "add price column"',
        ),
    ],
)
@pytest.mark.parametrize("form", ["text", "json"])
def test_a_reflex_from_another_tool_is_answered(
    tmp_path: Path, command: str, told: str, form: str
) -> None:
    done = Run(tmp_path)(*command.split(), "--format", form)
    assert done.returncode == 2
    (message,) = (
        [each["message"] for each in json.loads(done.stdout)["errors"]]
        if form == "json"
        else done.stderr.splitlines()[-1:]
    )
    assert message.endswith(told)
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_option_like_one_of_ours_is_still_told_which(tmp_path: Path) -> None:
    done = Run(tmp_path)("apply", "--atomik")
    assert "No such option '--atomik'. Did you mean '--atomic'?" in done.stderr
