"""The document has every object of the catalogue, once, and is the same wherever it is made."""

from __future__ import annotations

from collections import Counter

from sqlmig.document.making import document_of
from sqlmig.engine.server.connection import opened
from sqlmig.migrator import Migrator
from sqlmig.model.printable import on_one_line
from tests.database import Database
from tests.document import pages
from tests.project import Project

OURS = "n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'"
COLUMNS = f"""
SELECT c.oid::regclass::text, a.attname
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
 WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm') AND {OURS}
"""
DETAILS = f"""
SELECT r::regclass::text, kind, name FROM (
  SELECT conrelid, CASE contype WHEN 'p' THEN 'Primary key' WHEN 'u' THEN 'Unique'
           WHEN 'f' THEN 'Foreign key' WHEN 'c' THEN 'Check' ELSE 'Exclusion' END, conname
    FROM pg_constraint WHERE contype IN ('p', 'u', 'f', 'c', 'x') AND conrelid <> 0
     AND (conparentid = 0 OR conrelid <> (SELECT p.conrelid FROM pg_constraint p
                                           WHERE p.oid = pg_constraint.conparentid))
  UNION ALL SELECT indrelid, CASE WHEN indisunique THEN 'Unique index' ELSE 'Index' END, relname
    FROM pg_index JOIN pg_class i ON i.oid = indexrelid
   WHERE NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype <> 'f')
  UNION ALL SELECT tgrelid, 'Trigger', tgname FROM pg_trigger WHERE NOT tgisinternal
  UNION ALL SELECT polrelid, 'Policy', polname FROM pg_policy
  UNION ALL SELECT ev_class, 'Rule', rulename FROM pg_rewrite WHERE rulename <> '_RETURN'
  ) d (r, kind, name)
  JOIN pg_class c ON c.oid = r JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {OURS}
"""
TYPES = f"""
SELECT t.oid::regtype::text FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
  LEFT JOIN pg_class c ON c.oid = t.typrelid
 WHERE (typtype IN ('e', 'd', 'r') OR typtype = 'c' AND relkind = 'c') AND {OURS}
"""
FUNCTIONS = f"""
SELECT p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
 WHERE {OURS} AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = p.oid AND deptype IN ('i', 'e'))
"""
LABELS = "SELECT enumlabel FROM pg_enum WHERE enumlabel !~ '[^A-Za-z0-9 -]'"


def document(database: Database, *left_out: str) -> str:
    with opened(database.url) as connection:
        return document_of(connection, left_out).text


def unquoted(name: str) -> str:
    """A name without its quotation marks, which versions of PostgreSQL set differently."""
    return on_one_line(name.replace('"', ""))


def test_every_relation_and_column_of_the_catalogue_is_in_it_once(sample: Database) -> None:
    found = pages.relations(document(sample))
    expected = sample.rows(COLUMNS)
    assert {*map(unquoted, found)} == {unquoted(relation) for relation, _ in expected}
    columns = [unquoted(column) for text in found.values() for column in pages.columns(text)]
    assert Counter(columns) == Counter(unquoted(name) for _, name in expected if name is not None)


def test_every_part_of_a_relation_is_with_it_once(sample: Database) -> None:
    found = Counter(
        (unquoted(relation), kind, unquoted(name))
        for relation, text in pages.relations(document(sample)).items()
        for kind, name in pages.details(text)
    )
    expected = Counter(
        (unquoted(relation), kind, unquoted(name)) for relation, kind, name in sample.rows(DETAILS)
    )
    assert found == expected
    assert found


def test_every_type_and_function_is_in_it_once(sample: Database) -> None:
    found = pages.sections(document(sample))
    types = sorted(map(unquoted, pages.rows(found.get("Types", ""))))
    assert types == sorted(unquoted(name) for (name,) in sample.rows(TYPES))
    functions = pages.rows(found.get("Functions", ""))
    names = [unquoted(signature.partition("(")[0].rpartition(".")[2]) for signature in functions]
    assert sorted(names) == sorted(unquoted(name) for (name,) in sample.rows(FUNCTIONS))
    shown = set(pages.codes(found.get("Types", "")))
    assert {f"'{label}'" for (label,) in sample.rows(LABELS)} <= shown


def test_a_second_document_has_the_same_bytes(sample: Database) -> None:
    assert document(sample) == document(sample)


def test_notes_are_with_what_they_are_about(database: Database) -> None:
    database.execute(
        "CREATE TABLE t (a int CONSTRAINT positive CHECK (a > 0)); CREATE INDEX i ON t (a);"
        "CREATE VIEW v AS SELECT a FROM t; CREATE TYPE e AS ENUM ('x'); CREATE SEQUENCE q;"
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE SCHEMA s;"
    )
    kinds = (
        *("TABLE t", "COLUMN t.a", "CONSTRAINT positive ON t", "INDEX i", "VIEW v", "COLUMN v.a"),
        *("TYPE e", "SEQUENCE q", "FUNCTION f()", "SCHEMA s"),
    )
    for number, kind in enumerate(kinds):
        database.execute(f"COMMENT ON {kind} IS 'note {number}\nand more'")
    text = document(database)
    assert [text.count(f"note {number}<br>and more") for number in range(len(kinds))] == [1] * 10


def test_the_name_of_a_language_is_one_cell(database: Database) -> None:
    database.execute(
        'CREATE LANGUAGE "a|<b>" HANDLER plpgsql_call_handler;'
        "CREATE FUNCTION f() RETURNS int LANGUAGE \"a|<b>\" AS 'BEGIN RETURN 1; END'"
    )
    assert r"| `f()` | `integer` | a\|&lt;b&gt; | |" in document(database)


def test_the_order_of_creation_makes_no_difference(database: Database) -> None:
    parts = (
        'CREATE TABLE "N" (a int CONSTRAINT "N_1" CHECK (a > 1) CONSTRAINT "N_2" CHECK (a > 2));'
        'CREATE INDEX "N_i" ON "N" (a); CREATE INDEX "N_h" ON "N" USING hash (a);'
        'CREATE VIEW "N_v" AS SELECT * FROM "N"; CREATE TYPE "N_e" AS ENUM (\'x\');'
        "CREATE FUNCTION \"N_f\"() RETURNS int LANGUAGE sql AS 'SELECT 1';"
        'CREATE SCHEMA "N_s"; CREATE TABLE "N_s".t (); CREATE SEQUENCE "N_q";'
        "CREATE EXTENSION IF NOT EXISTS plpgsql;"
    )
    names = ["b", "a", "é", "Z", "B", "a_", "ab", "a1", "😀", "ﬀ"]
    texts = []
    for order in (names, names[::-1]):
        for name in order:
            database.execute(parts.replace('"N', f'"{name}'))
        texts.append(document(database))
        schemas = ", ".join(f'"{name}_s"' for name in order)
        database.execute(f"DROP SCHEMA public, {schemas} CASCADE; CREATE SCHEMA public")
    assert texts[0] == texts[1]
    assert [*pages.relations(texts[0])][:4] == ['"B"', '"Z"', "a", "a1"]


def test_what_sqlmig_and_extensions_made_is_not_in_it(database: Database, project: Project) -> None:
    project.migration("001_a", "CREATE TABLE a (); CREATE EXTENSION hstore")
    Migrator(project.config(database=database.url)).apply()
    database.execute("CREATE TEMPORARY TABLE passing (x int)")
    text = document(database)
    assert [*pages.relations(text)] == ["a"]
    assert [*pages.sections(text)] == ["Tables", "Extensions"]


def test_what_a_scratch_script_made_is_not_in_it_but_what_refers_to_it_is(
    database: Database, project: Project
) -> None:
    project.write(
        "before.sql",
        "CREATE SCHEMA auth; CREATE TABLE auth.users (id int PRIMARY KEY);"
        "CREATE TABLE widened (a int); CREATE TABLE indexed (a int)",
    )
    project.migration(
        "001_a",
        "CREATE TABLE a (u int REFERENCES auth.users); ALTER TABLE widened ADD x int;"
        "CREATE INDEX i ON indexed (a)",
    )
    config = project.config(database=database.url, scratch_script="before.sql")
    text = Migrator(config).schema_document().text
    assert [*pages.relations(text)] == ["a", "indexed", "widened"]
    assert "`(u)` → `auth.users` `(id)`" in text
    assert "auth" not in pages.diagrams(text)[0]


def test_it_is_of_the_files_and_leaves_the_database_as_it_was(
    database: Database, project: Project
) -> None:
    project.migration("001_a", "CREATE TABLE a ()")
    database.execute("CREATE TABLE by_hand ()")
    before = database.relations()
    text = Migrator(project.config(database=database.url)).schema_document().text
    assert [*pages.relations(text)] == ["a"]
    assert database.relations() == before


def test_a_schema_without_tables_has_a_document_too(database: Database) -> None:
    assert document(database).endswith(" -->\n\n# Schema\n\nNo tables.\n")


def test_settings_of_the_database_do_not_change_how_it_is_written(
    database: Database, project: Project
) -> None:
    project.migration(
        "001_a",
        "CREATE SCHEMA s; CREATE TABLE public.a (t timestamptz DEFAULT '2020-01-01 00:00+00', "
        "i interval DEFAULT '1 day', b bytea DEFAULT '\\x00', \"end\" float8 DEFAULT 0.1); "
        "CREATE TYPE s.e AS ENUM (); ALTER TABLE public.a ADD e s.e",
    )
    migrator = Migrator(project.config(database=database.url))
    before = migrator.schema_document().text
    name = database.connection.info.dbname
    for setting in (
        "DateStyle = 'SQL, DMY'",
        "TimeZone = 'Asia/Tokyo'",
        "IntervalStyle = 'iso_8601'",
        "bytea_output = 'escape'",
        "search_path = s, public",
        "quote_all_identifiers = on",
        "extra_float_digits = -5",
    ):
        database.execute(f"ALTER DATABASE {name} SET {setting}")
    assert migrator.schema_document().text == before
