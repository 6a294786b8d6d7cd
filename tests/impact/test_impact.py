"""Which locks and which work of migrations are findings, and for which tables they count."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

import pytest

from sqlmig.errors import ChangelogError, ExecutionError
from sqlmig.impact.effects import Effect, Impact
from sqlmig.migrator import Migrator
from sqlmig.model import Direction
from sqlmig.report.impact import annotated, impact
from sqlmig.report.table import Medium
from tests.database import Database
from tests.project import Project
from tests.repository import Repository

Judge = Callable[..., Impact]

SHOP = """
create table customers (id int primary key, name text);
create table orders (id int primary key, customer_id int, total numeric(10,2), note text);
create table parted (id int, at date) partition by range (at);
"""


@pytest.fixture
def judge(project: Project, database: Database) -> Judge:
    """Applies the first migration, and judges what is given as the next ones; every table counts
    as large, for none was analyzed."""
    project.migration("001_shop", SHOP)
    Migrator(project.config(database=database.url, environment="development")).apply()

    def judged(*scripts: str, rollbacks: Sequence[str] = (), **arguments: object) -> Impact:
        for number, script in enumerate(scripts, 2):
            undo = rollbacks[number - 2] if rollbacks else "select 1;"
            project.migration(f"{number:03}_next", script, undo)
        migrator = Migrator(project.config(database=database.url, **arguments))
        return migrator.impact(direction=Direction.ROLLBACK if rollbacks else Direction.APPLY)

    return judged


def effects(found: Impact) -> list[tuple[int, str, str, bool]]:
    """The number of the statement, the table, the lock and whether it is harmful."""
    return [
        (statement.number, each.table, str(each.lock), each.is_harmful)
        for migration in found.migrations
        for statement in migration.statements
        for each in statement.effects
    ]


def only(found: Impact) -> Effect:
    (effect,) = found.effects()
    return effect


def test_large_work_under_a_lock_that_blocks_is_a_finding(judge: Judge) -> None:
    found = judge("alter table orders alter total type numeric(12,4)")
    assert effects(found) == [(1, "orders", "ACCESS EXCLUSIVE", True)]
    assert only(found).work.rewritten


def test_a_brief_lock_is_listed_and_is_no_finding(judge: Judge) -> None:
    found = judge("alter table orders add x int")
    assert effects(found) == [(1, "orders", "ACCESS EXCLUSIVE", False)]
    assert not found.is_harmful


def test_the_rounds_of_a_backfill_are_no_finding(judge: Judge) -> None:
    update = "update orders set note = '' where id in (select id from orders where note is null"
    assert judge(f"{update})").is_harmful
    assert not judge(f"-- repeat: until no rows\n{update} limit 1000)").is_harmful


def test_a_lock_is_held_while_later_work_runs_on_another_table(judge: Judge) -> None:
    found = judge("alter table customers add x int; create index on orders (total)")
    assert effects(found) == [
        (1, "customers", "ACCESS EXCLUSIVE", False),
        (2, "orders", "SHARE", True),
        (2, "customers", "ACCESS EXCLUSIVE", True),
    ]


def test_rows_that_were_all_changed_stay_locked_while_later_work_runs(judge: Judge) -> None:
    found = judge("update customers set name = ''; create index on orders (total)")
    assert effects(found) == [
        (1, "customers", "ROW EXCLUSIVE", True),
        (2, "orders", "SHARE", True),
        (2, "customers", "ROW EXCLUSIVE", True),
    ]


def test_a_foreign_key_that_an_index_helps_to_check_counts_for_both_tables(judge: Judge) -> None:
    found = judge(
        "-- transactional: false\ncreate index concurrently i on orders (customer_id)",
        "alter table orders add foreign key (customer_id) references customers",
    )
    scanned = {each.table for each in found.effects() if each.is_harmful and each.work.scanned}
    assert scanned == {"orders", "customers"}


def test_what_blocks_no_one_is_no_finding(judge: Judge) -> None:
    found = judge(
        "alter table orders add constraint c check (total > 0) not valid",
        "alter table orders validate constraint c",
    )
    assert [each.is_finding for each in found.effects()] == [False, False]


def test_a_validation_in_the_transaction_of_its_constraint_is_a_finding(judge: Judge) -> None:
    found = judge(
        "alter table orders add constraint c check (total > 0) not valid; "
        "alter table orders validate constraint c"
    )
    assert effects(found)[1] == (2, "orders", "ACCESS EXCLUSIVE", True)


def test_a_table_of_the_same_migration_does_not_count(judge: Judge) -> None:
    found = judge("create table a (x int); create index on a (x); alter table a alter x type text")
    assert effects(found) == []


def test_a_table_that_a_pending_migration_creates_is_empty(judge: Judge) -> None:
    found = judge("create table a (x int)", "create index on a (x)")
    assert not only(found).is_large


def test_a_table_that_was_renamed_has_the_size_of_the_live_one(
    judge: Judge, database: Database
) -> None:
    database.execute("insert into orders select i from generate_series(1, 500) i; analyze orders")
    found = judge("alter table orders rename to purchases", "create index on purchases (total)")
    assert [each.size.rows for each in found.effects()] == [500, 500]


def test_a_dropped_table_is_seen_by_its_name_before(judge: Judge) -> None:
    found = judge("drop table orders; create table orders (id text); create index on orders (id)")
    assert effects(found) == [(1, "orders", "ACCESS EXCLUSIVE", False)]


def test_what_an_exception_handler_undid_was_done_under_a_lock(judge: Judge) -> None:
    block = (
        "do $$begin alter table orders add check (total > 0); raise division_by_zero; "
        "exception when division_by_zero then null; end$$; select 1"
    )
    assert effects(judge(block)) == [(1, "orders", "ACCESS EXCLUSIVE", True)]


def test_rows_of_a_renamed_table_are_its_rows(judge: Judge) -> None:
    found = judge("alter table orders rename to purchases; update purchases set note = ''")
    assert effects(found)[1] == (2, "orders", "ACCESS EXCLUSIVE", True)
    other = "alter table orders rename to old; create table orders (note text); "
    assert len(effects(judge(f"{other} update orders set note = ''"))) == 1


def test_after_a_truncate_there_is_nothing_left_to_scan(judge: Judge) -> None:
    found = judge("truncate orders; alter table orders alter total type text")
    assert effects(found) == [(1, "orders", "ACCESS EXCLUSIVE", False)]
    assert only(found).is_emptied


def test_a_table_counts_as_large_from_its_size_on(judge: Judge, database: Database) -> None:
    database.execute("insert into orders select i from generate_series(1, 5000) i; analyze orders")
    script = "create index on orders (total)"
    assert not judge(script).is_harmful
    found = judge(script, large_table="100kB")
    assert found.is_harmful
    assert only(found).size.bytes == database.value("select pg_table_size('orders')")


def test_the_work_decides_how_long_a_small_table_is_blocked(
    judge: Judge, database: Database
) -> None:
    database.execute("insert into orders select i from generate_series(1, 5000) i; analyze")
    script = "alter table customers add x int; create index on orders (total)"
    found = judge(script, large_table="100kB")
    assert [each.is_harmful for each in found.effects()] == [False, True, True]


def test_the_partitions_of_a_live_table_are_summed(judge: Judge, database: Database) -> None:
    """Those that another program has made, too."""
    for year in (2023, 2024):
        database.execute(
            f"create table p{year} partition of parted for values from ('{year}-01-01') "
            f"to ('{year + 1}-01-01'); insert into parted select i, '{year}-05-05' "
            "from generate_series(1, 1000) i"
        )
    unknown = only(judge("alter table parted alter id type bigint"))
    assert (unknown.table, unknown.work.rewritten, unknown.size.rows) == ("parted", True, None)
    database.execute("analyze")
    size = only(judge("alter table parted alter id type bigint")).size
    assert size.rows == 2000
    assert size.bytes == database.value("select pg_table_size('p2023') + pg_table_size('p2024')")


def test_a_migration_may_make_the_partition_that_was_put_there(judge: Judge) -> None:
    found = judge("create table rest partition of parted default; create index on parted (id)")
    assert effects(found)[0] == (1, "parted", "ACCESS EXCLUSIVE", False)
    assert ("rest" in {table for _, table, _, _ in effects(found)}) is False


def test_a_reason_accepts_a_finding_of_its_table_alone(judge: Judge) -> None:
    found = judge(
        "-- holds: public.orders: the shop is closed\n"
        "alter table customers add x int; create index on orders (total)"
    )
    accepted = [(each.table, each.accepted, each.is_harmful) for each in found.effects()]
    assert accepted == [
        ("customers", None, False),
        ("orders", "the shop is closed", False),
        ("customers", None, True),
    ]


def test_outside_a_transaction_each_statement_is_seen_for_itself(judge: Judge) -> None:
    found = judge(
        "-- transactional: false\n"
        "create index concurrently i on orders (total);\n"
        "set lock_timeout = '3s';\n"
        "alter table orders add x int;\n"
        "reindex table concurrently orders;\n"
        "update orders set note = '';\n"
        "create table a (x int);\n"
        "create index concurrently on a (x);\n"
        "vacuum full orders;\n"
        "drop index concurrently i;"
    )
    assert effects(found) == [
        (1, "orders", "SHARE UPDATE EXCLUSIVE", False),
        (3, "orders", "ACCESS EXCLUSIVE", False),
        (4, "orders", "SHARE UPDATE EXCLUSIVE", False),
        (5, "orders", "ROW EXCLUSIVE", True),
        (8, "orders", "ACCESS EXCLUSIVE", True),
    ]


def test_statements_that_must_come_first_still_do(judge: Judge) -> None:
    script = "set local work_mem = '8MB'; set transaction isolation level serializable; "
    found = judge(f"{script} create index on orders (total)")
    assert effects(found) == [(3, "orders", "SHARE", True)]


def test_rollbacks_are_judged_where_their_migration_has_run(judge: Judge) -> None:
    found = judge(
        "alter table orders add x int; create table a (y int)",
        "alter table orders alter total type numeric(20,2)",
        rollbacks=[
            "alter table orders drop x; drop table a",
            "alter table orders alter total type numeric(10,2)",
        ],
    )
    assert [each.work.rewritten for each in found.effects()] == [False, False, True]


def test_of_what_is_irreversible_there_is_no_rollback_to_judge(
    project: Project, judge: Judge
) -> None:
    project.irreversible("002_a", "-- irreversible: it is gone\nalter table orders drop note")
    assert [each.statements for each in judge(rollbacks=[""]).migrations] == [()]


def test_a_rollback_that_leaves_something_does_not_stop_the_next(judge: Judge) -> None:
    found = judge("create table a ()", "create table b ()", rollbacks=["select 1", "drop table b"])
    assert [each.table for each in found.effects()] == ["b"]


def test_a_migration_that_fails_is_named_with_its_place(judge: Judge) -> None:
    with pytest.raises(ExecutionError, match=r"002_next fails.*\n.*002_next.sql:1:1"):
        judge("drop table nothing")


def test_a_server_that_does_not_count_is_an_error(judge: Judge) -> None:
    with pytest.raises(ExecutionError, match="track_counts is off"):
        judge("set track_counts = off; create index on orders (total)")


def test_nothing_is_written_to_the_database(judge: Judge, database: Database) -> None:
    before = database.relations(), database.applied()
    judge("create table a ()")
    assert (database.relations(), database.applied()) == before


def test_without_a_live_database_every_table_counts_as_large(
    project: Project, database: Database
) -> None:
    project.migration("001_a", "create table a (x int)")
    project.migration("002_b", "create index on a (x)")
    found = Migrator(project.config()).impact_since(None, scratch_url=database.url)
    assert found.is_harmful
    since = Migrator(project.config()).impact_since("001", scratch_url=database.url)
    assert [each.migration_id for each in since.migrations] == ["002_b"]


def test_the_time_zone_of_the_database_decides_what_is_rewritten(
    project: Project, database: Database, ordinary: str
) -> None:
    """Also where the scratch database is elsewhere, here another role's."""
    role = ordinary.partition("://")[2].partition("@")[0]
    project.migration("001_a", "create table a (x timestamp)")
    project.migration("002_b", "alter table a alter x type timestamptz")
    for zone, rewritten in (("UTC", False), ("Europe/Berlin", True)):
        database.execute(f"alter role {role} set TimeZone = '{zone}'")
        migrator = Migrator(project.config(database=ordinary))
        found = migrator.impact_since("001", scratch_url=database.url)
        assert only(found).work.rewritten is rewritten


def test_a_git_revision_names_what_is_merged(repository: Repository, database: Database) -> None:
    repository.migration("001_a", "create table a (x int)")
    repository.commit()
    repository.git("branch", "merged")
    repository.migration("002_b", "create index on a (x)")
    repository.commit()
    migrator = Migrator(repository.config())
    found = migrator.impact_since("merged", scratch_url=database.url)
    assert [each.migration_id for each in found.migrations] == ["002_b"]
    assert "of merged" in found.baseline
    assert found.baseline in "".join(impact(found).lines(Medium.PIPE))
    with pytest.raises(ChangelogError, match="is not a migration here, and git cannot compare"):
        migrator.impact_since("nowhere", scratch_url=database.url)


def test_the_text_says_what_to_do_instead(judge: Judge, database: Database) -> None:
    database.execute("insert into orders select i from generate_series(1, 5000) i; analyze")
    found = judge("\ncreate index on orders (total)", large_table="100kB")
    assert impact(found).lines(Medium.PIPE) == [
        "002_next  line 2: create index on orders (total)",
        "  orders (216 kB, 5000 rows): scanned and indexed under SHARE, "
        "which blocks writes until COMMIT",
        "  Instead: build it CONCURRENTLY, outside a transaction "
        "(docs/zero-downtime.md#create-an-index)",
        "1 migration: 1 finding on tables larger than 100 kB.",
    ]
    (annotation, summary) = annotated(found).lines(Medium.PIPE)
    assert annotation.startswith("::error file=")
    assert "line=2,col=1,title=impact::orders" in annotation
    assert not summary.startswith("::")


def test_a_required_column_and_a_loss_are_told_of_tables_of_any_size(
    judge: Judge, database: Database
) -> None:
    database.execute("insert into orders select i from generate_series(1, 5000) i; analyze")
    found = judge("alter table orders add x int not null", "alter table orders drop note")
    assert impact(found).lines(Medium.PIPE) == [
        "002_next  line 1: alter table orders add x int not null",
        "  orders (216 kB, 5000 rows): scanned under ACCESS EXCLUSIVE, "
        "which blocks reads and writes until COMMIT",
        "  It fails if the table has rows: give it a DEFAULT, or add it nullable, fill it, then "
        "SET NOT NULL (docs/zero-downtime.md#add-a-column)",
        "003_next  line 1: alter table orders drop note",
        "  orders (216 kB, 5000 rows): ACCESS EXCLUSIVE for a moment, "
        "which blocks reads and writes",
        "  The data of column note is lost: unless the scripts keep a copy, a rollback cannot "
        "restore it",
        "2 migrations: no findings. 1 statement loses data. "
        "1 statement fails if its table has rows.",
    ]


def test_the_summary_and_json_count_what_is_lost_and_what_fails_where_there_are_rows(
    judge: Judge, database: Database
) -> None:
    database.execute("insert into orders values (1)")
    found = judge(
        "alter table orders drop note; alter table orders add x int not null;"
        "delete from orders; truncate orders"
    )
    *_, summary = impact(found).lines(Medium.PIPE)
    assert summary.endswith("3 statements lose data. 1 statement fails if its table has rows.")
    (migration,) = json.loads(impact(found).document())["migrations"]
    effects = [effect for each in migration["statements"] for effect in each["effects"]]
    assert [effect["lost"] for effect in effects] == [["column note"], [], ["rows"], ["rows"]]
    assert [effect["fails_on_rows"] for effect in effects] == [False, True, False, False]


def test_a_table_that_a_pending_migration_creates_has_nothing_to_lose(judge: Judge) -> None:
    found = judge(
        "create table a (x int)",
        "alter table a drop x, add y int not null",
        "delete from a",
        "truncate a",
    )
    assert {each.table for each in found.effects()} == {"a"}
    assert not any(each.lost for each in found.effects())
    assert not any(
        " lost: " in line or "fails" in line for line in impact(found).lines(Medium.PIPE)
    )


def test_json_has_each_statement_with_its_effects(judge: Judge) -> None:
    found = judge("select 1; create index on orders (total)")
    document = json.loads(impact(found).document())
    assert document["harmful"] is True
    (migration,) = document["migrations"]
    assert migration["statements"][0]["effects"] == []
    (effect,) = migration["statements"][1]["effects"]
    assert effect == {
        "table": "orders",
        "lock": "SHARE",
        "blocks": "writes",
        "scanned": True,
        "rewritten": False,
        "indexed": True,
        "bytes": 8192,
        "rows": None,
        "accepted": False,
        "lost": [],
        "fails_on_rows": False,
    }
