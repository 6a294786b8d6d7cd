"""A file of very many statements is one transaction; no statement is a subtransaction."""

from __future__ import annotations

from sqlmig import Migrator
from tests.database import Database
from tests.faults.ledger import assert_complete, write_entry, write_ledger
from tests.project import Project

STATEMENTS = 20_000
# The transaction, and the two savepoints that prove it ours.
OWN_IDS = 3
# A subtransaction that writes has an id of its own, and every id of a session is a lock.
IDS = (
    "create table ids as select count(*) from pg_locks "
    "where locktype = 'transactionid' and pid = pg_backend_pid();"
)


def test_twenty_thousand_inserts_in_one_file_are_no_subtransactions(
    project: Project, database: Database
) -> None:
    write_ledger(project)
    inserts = "".join(f"insert into numbers values ({number});\n" for number in range(STATEMENTS))
    write_entry(project, 2, f"create table numbers (n int);\n{inserts}{IDS}")
    Migrator(project.config(database=database.url)).apply()
    assert database.value("SELECT count(*) FROM numbers") == STATEMENTS
    assert database.value("SELECT count(DISTINCT xmin::text) FROM numbers") == 1
    assert database.value("SELECT * FROM ids") == OWN_IDS
    assert_complete(database, project)
