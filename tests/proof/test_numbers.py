"""No number of an object is part of a snapshot: what is made again is the same, whatever numbers
and numbered names it gets; and what is forgotten is still found."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from sqlmig.migrator import Migrator
from sqlmig.proof.catalog import snapshot
from sqlmig.proof.difference import differences
from sqlmig.proof.watch import Watch
from tests.database import Database
from tests.project import Project


@dataclass(frozen=True)
class Schema:
    """Tables that hang together: how they are made, and a part that is made again in another
    order: `part` drops it, `restore` makes it."""

    name: str
    create: str
    tables: str
    part: str
    restore: str


def _dropped(table: str, *partitions: str) -> str:
    """Drops partitions of a table that foreign keys refer to."""
    detached = "".join(f"ALTER TABLE {table} DETACH PARTITION {each};" for each in partitions)
    return f"{detached} DROP TABLE {', '.join(partitions)}"


_ACCOUNTS = "CREATE TABLE account (id int PRIMARY KEY);"
_PARTITIONED = (
    "CREATE TABLE account (id int PRIMARY KEY) PARTITION BY RANGE (id);"
    "CREATE TABLE account_1 PARTITION OF account FOR VALUES FROM (0) TO (10);"
    "CREATE TABLE account_2 PARTITION OF account FOR VALUES FROM (10) TO (20);"
)
_ENTRIES = "CREATE TABLE entry (day date, account int REFERENCES account) PARTITION BY RANGE (day);"
_ENTRY_2026 = (
    "CREATE TABLE entry_2026 PARTITION OF entry FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');"
)
_ENTRY_2027 = _ENTRY_2026.replace("2027", "2028").replace("2026", "2027")
_CONSTRAINT_TRIGGER = (
    "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';"
    "CREATE CONSTRAINT TRIGGER watch AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED"
    " FOR EACH ROW EXECUTE FUNCTION f();"
)

SCHEMAS = (
    Schema(
        "a foreign key on a partitioned table",
        _ACCOUNTS + _ENTRIES + _ENTRY_2026 + _ENTRY_2027,
        "entry, account",
        "DROP TABLE entry_2026, entry_2027",
        _ENTRY_2027 + _ENTRY_2026,
    ),
    Schema(
        "a foreign key to a partitioned table",
        _PARTITIONED + "CREATE TABLE entry (account int REFERENCES account)",
        "entry, account",
        _dropped("account", "account_1", "account_2"),
        "CREATE TABLE account_2 PARTITION OF account FOR VALUES FROM (10) TO (20);"
        "CREATE TABLE account_1 PARTITION OF account FOR VALUES FROM (0) TO (10)",
    ),
    Schema(
        "a foreign key between partitioned tables of two levels",
        _PARTITIONED
        + "CREATE TABLE account_3 PARTITION OF account DEFAULT PARTITION BY RANGE (id);"
        "CREATE TABLE account_31 PARTITION OF account_3 DEFAULT;" + _ENTRIES + _ENTRY_2026,
        "entry, account",
        _dropped("account", "account_3", "account_1"),
        "CREATE TABLE account_1 PARTITION OF account FOR VALUES FROM (0) TO (10);"
        "CREATE TABLE account_3 PARTITION OF account DEFAULT PARTITION BY RANGE (id);"
        "CREATE TABLE account_31 PARTITION OF account_3 DEFAULT",
    ),
    Schema(
        "a partitioned table that refers to itself",
        "CREATE TABLE node (id int PRIMARY KEY, parent int REFERENCES node ON DELETE CASCADE)"
        " PARTITION BY HASH (id);"
        "CREATE TABLE node_0 PARTITION OF node FOR VALUES WITH (MODULUS 2, REMAINDER 0);"
        "CREATE TABLE node_1 PARTITION OF node FOR VALUES WITH (MODULUS 2, REMAINDER 1)",
        "node",
        _dropped("node", "node_0", "node_1"),
        "CREATE TABLE node_1 PARTITION OF node FOR VALUES WITH (MODULUS 2, REMAINDER 1);"
        "CREATE TABLE node_0 PARTITION OF node FOR VALUES WITH (MODULUS 2, REMAINDER 0)",
    ),
    Schema(
        "a table that refers to itself",
        "CREATE TABLE node (id int PRIMARY KEY, parent int REFERENCES node, next int UNIQUE"
        " DEFERRABLE REFERENCES node DEFERRABLE INITIALLY DEFERRED)",
        "node",
        "ALTER TABLE node DROP CONSTRAINT node_parent_fkey, DROP CONSTRAINT node_next_fkey",
        "ALTER TABLE node ADD FOREIGN KEY (next) REFERENCES node DEFERRABLE INITIALLY DEFERRED,"
        " ADD FOREIGN KEY (parent) REFERENCES node",
    ),
    Schema(
        "two unique indexes that a foreign key can use",
        "CREATE TABLE t (a int PRIMARY KEY); ALTER TABLE t ADD CONSTRAINT again UNIQUE (a);"
        "CREATE TABLE r (a int, CONSTRAINT key FOREIGN KEY (a) REFERENCES t (a))",
        "r, t",
        "ALTER TABLE r DROP CONSTRAINT key; ALTER TABLE t DROP CONSTRAINT t_pkey",
        "ALTER TABLE r ADD CONSTRAINT key FOREIGN KEY (a) REFERENCES t (a);"
        " ALTER TABLE t ADD PRIMARY KEY (a)",
    ),
    Schema(
        "deferrable and exclusion constraints",
        "CREATE TABLE t (a int UNIQUE DEFERRABLE, b int4range,"
        " CONSTRAINT apart EXCLUDE USING gist (b WITH &&) DEFERRABLE INITIALLY DEFERRED)",
        "t",
        "ALTER TABLE t DROP CONSTRAINT apart, DROP CONSTRAINT t_a_key",
        "ALTER TABLE t ADD CONSTRAINT apart EXCLUDE USING gist (b WITH &&) DEFERRABLE INITIALLY"
        " DEFERRED, ADD UNIQUE (a) DEFERRABLE",
    ),
    Schema(
        "triggers on a partitioned table",
        "CREATE TABLE t (a int) PARTITION BY RANGE (a);"
        "CREATE TABLE t_1 PARTITION OF t FOR VALUES FROM (0) TO (10);" + _CONSTRAINT_TRIGGER,
        "t CASCADE; DROP FUNCTION f",
        "DROP TRIGGER watch ON t; DROP FUNCTION f",
        _CONSTRAINT_TRIGGER,
    ),
    Schema(
        "inheritance from two tables",
        "CREATE TABLE a (x int); CREATE TABLE b (y int);"
        "CREATE TABLE c (x int, y int); ALTER TABLE c INHERIT a, INHERIT b",
        "c, b, a",
        "ALTER TABLE c NO INHERIT a",
        "ALTER TABLE c INHERIT a",
    ),
    Schema(
        "identity columns and sequences that are owned",
        "CREATE TABLE t (a int GENERATED ALWAYS AS IDENTITY, b serial, c text);"
        "CREATE SEQUENCE q OWNED BY t.c",
        "t",
        "ALTER TABLE t ALTER a DROP IDENTITY; DROP SEQUENCE q",
        "CREATE SEQUENCE q OWNED BY t.c; ALTER TABLE t ALTER a ADD GENERATED ALWAYS AS IDENTITY",
    ),
    Schema(
        "columns that a publication lists",
        "CREATE TABLE t (a int, b int, c int); CREATE PUBLICATION p FOR TABLE t (a, c)",
        "t; DROP PUBLICATION p",
        "DROP PUBLICATION p; ALTER TABLE t DROP a",
        "ALTER TABLE t ADD a int; CREATE PUBLICATION p FOR TABLE t (a, c)",
    ),
    Schema(
        "options of a toast table",
        "CREATE TABLE t (a text, b text) WITH (toast.autovacuum_enabled = off)",
        "t",
        "ALTER TABLE t RESET (toast.autovacuum_enabled)",
        "ALTER TABLE t SET (toast.autovacuum_enabled = off)",
    ),
)
every_schema = pytest.mark.parametrize("schema", SCHEMAS, ids=lambda schema: schema.name)


@every_schema
def test_what_is_made_again_in_another_order_is_the_same(
    database: Database, schema: Schema
) -> None:
    with database.another_connection() as connection:
        watch = Watch(connection)
        empty = watch.look()
        database.execute(schema.create)
        whole = watch.look()
        database.execute(schema.part)
        assert differences(whole, watch.look())
        database.execute(schema.restore)
        assert differences(whole, watch.look()) == ()
        database.execute(f"DROP TABLE {schema.tables}; {schema.create}")
        assert differences(whole, watch.look()) == ()
        assert watch.look() == snapshot(database.connection)
        database.execute(f"DROP TABLE {schema.tables}")
        assert watch.look() == empty


@every_schema
def test_a_right_rollback_is_reversible_and_one_that_forgets_is_not(
    project: Project, database: Database, schema: Schema
) -> None:
    project.migration("001_all", schema.create, f"DROP TABLE {schema.tables}")
    project.migration("002_less", schema.part, schema.restore)
    migrator = Migrator(project.config(database=database.url))
    assert migrator.verify().is_sound
    project.migration("002_less", schema.part, "SELECT 1")
    verdicts = [trip.verdict.value for trip in migrator.verify().round_trips]
    assert verdicts[1] in ("not restored", "not repeatable")


@every_schema
def test_a_database_with_other_numbers_has_not_drifted_until_it_is_altered(
    project: Project, database: Database, schema: Schema
) -> None:
    database.execute("CREATE TABLE unrelated (a serial PRIMARY KEY); DROP TABLE unrelated")
    project.migration("001_all", schema.create, f"DROP TABLE {schema.tables}")
    migrator = Migrator(project.config(database=database.url))
    migrator.apply()
    assert migrator.drift().differences == ()
    database.execute(schema.part)
    assert migrator.drift().differences


def test_a_primary_key_that_is_renamed_is_told_in_few_lines(
    project: Project, database: Database
) -> None:
    references = "".join(f"CREATE TABLE r{n} (a int REFERENCES account);" for n in range(9))
    project.migration("001_all", _ACCOUNTS + references)
    migrator = Migrator(project.config(database=database.url))
    migrator.apply()
    database.execute("ALTER TABLE account RENAME CONSTRAINT account_pkey TO account_key")
    told = [f"{each.presence.value} {each.object}" for each in migrator.drift().differences]
    assert told == [
        "extra index public.account_key",
        "missing index public.account_pkey",
        "extra table constraint account_key on public.account",
        "missing table constraint account_pkey on public.account",
    ]


def test_a_foreign_key_that_is_gone_is_told_in_one_line(
    project: Project, database: Database
) -> None:
    project.migration("001_all", _ACCOUNTS + _ENTRIES + _ENTRY_2026 + _ENTRY_2027)
    migrator = Migrator(project.config(database=database.url))
    migrator.apply()
    database.execute("ALTER TABLE entry DROP CONSTRAINT entry_account_fkey")
    assert [str(each.object) for each in migrator.drift().differences] == [
        f"table constraint entry_account_fkey on public.{table}"
        for table in ("entry", "entry_2026", "entry_2027")
    ]


@pytest.mark.parametrize("table", ["entry", "entry_2026", "account"])
def test_a_foreign_key_that_is_not_enforced_any_more_is_told_with_the_table(
    database: Database, table: str
) -> None:
    database.execute(_ACCOUNTS + _ENTRIES + _ENTRY_2026)
    with database.another_connection() as connection:
        watch = Watch(connection)
        before = watch.look()
        database.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
        found = differences(before, watch.look())
        assert f"table public.{table}" in [str(each.object) for each in found]
        assert all("disabled" in line for each in found for line in each.lines())
        database.execute(f"ALTER TABLE {table} ENABLE TRIGGER ALL")
        assert differences(before, watch.look()) == ()


def test_a_comment_on_a_large_object_is_data(database: Database) -> None:
    before = snapshot(database.connection)
    number = database.value("SELECT lo_from_bytea(0, 'x')")
    database.execute(f"COMMENT ON LARGE OBJECT {number} IS 'x'")
    assert snapshot(database.connection) == before
