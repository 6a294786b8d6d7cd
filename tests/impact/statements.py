"""Statements of every kind, and the locks that they take according to PostgreSQL's manual.

Sources: the pages of the commands, and "Table-Level Locks". They also describe large work: "the
table will be scanned", "rewritten"; if they do not, a note names the source.
"""

from __future__ import annotations

SCHEMA = """
CREATE TABLE customers (id int PRIMARY KEY, name text, email varchar(50));
CREATE DOMAIN cents AS int;
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TYPE pair AS (a int, b int);
CREATE TABLE orders (
  id int PRIMARY KEY, customer_id int, total numeric(10,2), status text, placed timestamp,
  code varchar(50), price cents, note text, qty int, feeling mood, flag boolean);
CREATE INDEX orders_status ON orders (status);
CREATE INDEX orders_code ON orders (code);
CREATE UNIQUE INDEX orders_qty ON orders (qty);
CREATE TABLE notes (id int, body text);
ALTER TABLE notes ADD CONSTRAINT notes_id CHECK (id IS NOT NULL) NOT VALID;
CREATE TABLE checked (id int CONSTRAINT checked_id CHECK (id IS NOT NULL), customer_id int);
ALTER TABLE checked ADD CONSTRAINT checked_fk FOREIGN KEY (customer_id) REFERENCES customers
  NOT VALID;
CREATE TABLE typed OF pair;
CREATE TABLE base (id int);
CREATE TABLE child () INHERITS (base);
CREATE TABLE apart (id int);
CREATE TABLE parted (id int, at date) PARTITION BY RANGE (at);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE parted_rest PARTITION OF parted DEFAULT;
CREATE TABLE hashed (id int, at date) PARTITION BY HASH (id);
CREATE TABLE listed (id int, at date) PARTITION BY LIST (id);
CREATE TABLE listed_1 PARTITION OF listed FOR VALUES IN (1);
CREATE TABLE loose (id int, at date);
CREATE TABLE tight (id int NOT NULL CHECK (id = 3), at date);
CREATE VIEW names AS SELECT name FROM customers;
CREATE MATERIALIZED VIEW totals AS SELECT customer_id, count(*) FROM orders GROUP BY 1;
CREATE UNIQUE INDEX totals_customer ON totals (customer_id);
CREATE SEQUENCE counter;
CREATE TABLE figures (id int NOT NULL, doubled int GENERATED ALWAYS AS (id * 2) STORED);
CREATE TABLE tree (id int PRIMARY KEY, parent int);
CREATE TABLE lines (id int, order_id int);
CREATE UNIQUE INDEX lines_id ON lines (id);
CREATE UNIQUE INDEX figures_id ON figures (id);
CREATE INDEX parted_at ON ONLY parted (at);
CREATE INDEX parted_1_at ON parted_1 (at);
CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
CREATE FUNCTION add_column() RETURNS void LANGUAGE plpgsql
  AS 'BEGIN ALTER TABLE orders ADD COLUMN extra int DEFAULT random(); END';
CREATE FUNCTION raise_prices() RETURNS void LANGUAGE sql AS 'UPDATE orders SET qty = qty';
CREATE TRIGGER watch BEFORE UPDATE ON customers FOR EACH ROW EXECUTE FUNCTION nothing();

CREATE STATISTICS orders_statistics ON status, code FROM orders;
"""

FILL = """
INSERT INTO customers SELECT i, 'c' || i, i || '@example.org' FROM generate_series(1, 50) i;
INSERT INTO orders SELECT i, 1 + i % 50, i, 's' || i % 5, now(), 'k' || i, i, 'n', i, 'ok', true
  FROM generate_series(1, 200) i;
INSERT INTO notes SELECT i, 'b' FROM generate_series(1, 50) i;
INSERT INTO checked SELECT i, i FROM generate_series(1, 50) i;
INSERT INTO typed SELECT i, i FROM generate_series(1, 50) i;
INSERT INTO base SELECT generate_series(1, 50); INSERT INTO child SELECT generate_series(1, 50);
INSERT INTO apart SELECT generate_series(1, 50);
INSERT INTO parted SELECT i, '2024-01-01'::date + i FROM generate_series(1, 500) i;
INSERT INTO listed SELECT 1, now() FROM generate_series(1, 50) i;
INSERT INTO loose SELECT 2, now() FROM generate_series(1, 50) i;
INSERT INTO tight SELECT 3, now() FROM generate_series(1, 50) i;
REFRESH MATERIALIZED VIEW totals;
"""

# Each statement, followed by the tables that existed before it, with the strongest lock that it
# takes on each and the large work there. Locks that block nothing are left out if there is no large
# work.
_TABLE = """
ALTER TABLE orders ADD COLUMN x int
    orders ACCESS EXCLUSIVE
ALTER TABLE orders ADD COLUMN x int DEFAULT 1
    orders ACCESS EXCLUSIVE
ALTER TABLE orders ADD COLUMN x int NOT NULL DEFAULT 1
    orders ACCESS EXCLUSIVE
ALTER TABLE orders ADD COLUMN x timestamptz DEFAULT now()
    orders ACCESS EXCLUSIVE
ALTER TABLE orders ADD COLUMN x timestamptz DEFAULT clock_timestamp()
    orders ACCESS EXCLUSIVE scanned+rewritten+indexed
ALTER TABLE orders ADD COLUMN x uuid DEFAULT gen_random_uuid()
    orders ACCESS EXCLUSIVE scanned+rewritten+indexed
ALTER TABLE orders ADD COLUMN x serial
    orders ACCESS EXCLUSIVE scanned+rewritten+indexed
ALTER TABLE orders ADD COLUMN x int GENERATED ALWAYS AS IDENTITY
    orders ACCESS EXCLUSIVE scanned+rewritten+indexed
ALTER TABLE orders ADD COLUMN x int GENERATED ALWAYS AS (qty * 2) STORED
    orders ACCESS EXCLUSIVE scanned+rewritten+indexed
ALTER TABLE orders ADD COLUMN x cents
    orders ACCESS EXCLUSIVE
ALTER TABLE orders ADD COLUMN x int REFERENCES customers
    customers SHARE ROW EXCLUSIVE; orders ACCESS EXCLUSIVE
ALTER TABLE orders ADD COLUMN x int DEFAULT 1 REFERENCES customers
    customers SHARE ROW EXCLUSIVE scanned; orders ACCESS EXCLUSIVE scanned
ALTER TABLE orders ADD COLUMN x int CHECK (x > 0)
    orders ACCESS EXCLUSIVE scanned
ALTER TABLE orders ADD COLUMN x int UNIQUE
    orders ACCESS EXCLUSIVE scanned+indexed
ALTER TABLE orders DROP COLUMN note
    orders ACCESS EXCLUSIVE
ALTER TABLE orders ALTER COLUMN note SET DEFAULT 'x'
    orders ACCESS EXCLUSIVE
ALTER TABLE orders ALTER COLUMN note SET STATISTICS 100
    nothing
ALTER TABLE orders ALTER COLUMN note SET STORAGE EXTERNAL
    orders ACCESS EXCLUSIVE
ALTER TABLE orders ALTER COLUMN note SET COMPRESSION pglz
    orders ACCESS EXCLUSIVE
ALTER TABLE orders ALTER COLUMN note SET NOT NULL
    orders ACCESS EXCLUSIVE scanned
ALTER TABLE checked ALTER COLUMN id SET NOT NULL
    checked ACCESS EXCLUSIVE
ALTER TABLE figures ALTER COLUMN id DROP NOT NULL
    figures ACCESS EXCLUSIVE
ALTER TABLE orders ALTER COLUMN code TYPE varchar(100)
    orders ACCESS EXCLUSIVE
ALTER TABLE orders ALTER COLUMN code TYPE text
    orders ACCESS EXCLUSIVE
ALTER TABLE orders ALTER COLUMN code TYPE varchar(20)
    orders ACCESS EXCLUSIVE scanned+rewritten+indexed
ALTER TABLE orders ALTER COLUMN total TYPE numeric(12,2)
    orders ACCESS EXCLUSIVE
ALTER TABLE orders ALTER COLUMN total TYPE numeric(12,4)
    orders ACCESS EXCLUSIVE scanned+rewritten+indexed
ALTER TABLE orders ALTER COLUMN qty TYPE bigint
    orders ACCESS EXCLUSIVE scanned+rewritten+indexed
ALTER TABLE orders ALTER COLUMN note TYPE text COLLATE "C"
    orders ACCESS EXCLUSIVE
ALTER TABLE orders ALTER COLUMN status TYPE text COLLATE "C"
    orders ACCESS EXCLUSIVE scanned+indexed
ALTER TABLE orders ALTER COLUMN placed TYPE timestamptz
    orders ACCESS EXCLUSIVE
ALTER TABLE orders ADD CONSTRAINT c CHECK (qty > 0)
    orders ACCESS EXCLUSIVE scanned
ALTER TABLE orders ADD CONSTRAINT c CHECK (qty > 0) NOT VALID
    orders ACCESS EXCLUSIVE
ALTER TABLE notes VALIDATE CONSTRAINT notes_id
    notes SHARE UPDATE EXCLUSIVE scanned
ALTER TABLE checked VALIDATE CONSTRAINT checked_fk
    checked SHARE UPDATE EXCLUSIVE scanned; customers ROW SHARE scanned
ALTER TABLE orders ADD CONSTRAINT c UNIQUE (note, id)
    orders ACCESS EXCLUSIVE scanned+indexed
ALTER TABLE orders ADD CONSTRAINT c UNIQUE USING INDEX orders_qty
    orders ACCESS EXCLUSIVE
ALTER TABLE notes ADD PRIMARY KEY (id)
    notes ACCESS EXCLUSIVE scanned+indexed
ALTER TABLE orders ADD CONSTRAINT c EXCLUDE USING btree (id WITH =)
    orders ACCESS EXCLUSIVE scanned+indexed
ALTER TABLE orders ADD FOREIGN KEY (customer_id) REFERENCES customers
    customers SHARE ROW EXCLUSIVE scanned; orders SHARE ROW EXCLUSIVE scanned
ALTER TABLE orders ADD FOREIGN KEY (customer_id) REFERENCES customers NOT VALID
    customers SHARE ROW EXCLUSIVE; orders SHARE ROW EXCLUSIVE
ALTER TABLE orders DROP CONSTRAINT orders_pkey
    orders ACCESS EXCLUSIVE
ALTER TABLE checked DROP CONSTRAINT checked_fk
    checked ACCESS EXCLUSIVE; customers ACCESS EXCLUSIVE
ALTER TABLE orders RENAME COLUMN note TO remark
    orders ACCESS EXCLUSIVE
ALTER TABLE orders RENAME TO purchases
    orders ACCESS EXCLUSIVE
ALTER TABLE orders RENAME CONSTRAINT orders_pkey TO p
    orders ACCESS EXCLUSIVE
ALTER TABLE orders SET SCHEMA aside
    orders ACCESS EXCLUSIVE
ALTER TABLE orders SET (fillfactor = 70)
    nothing
ALTER TABLE orders SET (autovacuum_enabled = false)
    nothing
ALTER TABLE orders SET UNLOGGED
    orders ACCESS EXCLUSIVE scanned+rewritten+indexed
ALTER TABLE orders SET TABLESPACE pg_default
    orders ACCESS EXCLUSIVE
ALTER TABLE orders CLUSTER ON orders_status
    nothing
ALTER TABLE orders REPLICA IDENTITY FULL
    orders ACCESS EXCLUSIVE
ALTER TABLE orders ENABLE ROW LEVEL SECURITY
    orders ACCESS EXCLUSIVE
ALTER TABLE customers DISABLE TRIGGER watch
    customers SHARE ROW EXCLUSIVE
ALTER TABLE orders ENABLE TRIGGER ALL
    orders SHARE ROW EXCLUSIVE
ALTER TABLE orders OWNER TO CURRENT_USER
    orders ACCESS EXCLUSIVE
ALTER TABLE apart INHERIT base
    apart ACCESS EXCLUSIVE
ALTER TABLE child NO INHERIT base
    child ACCESS EXCLUSIVE
ALTER TABLE base ADD COLUMN x int
    base ACCESS EXCLUSIVE; child ACCESS EXCLUSIVE
ALTER TABLE base ALTER COLUMN id TYPE bigint
    base ACCESS EXCLUSIVE scanned+rewritten; child ACCESS EXCLUSIVE scanned+rewritten
ALTER TABLE typed NOT OF
    typed ACCESS EXCLUSIVE
ALTER TABLE parted ADD COLUMN x int
    parted ACCESS EXCLUSIVE
ALTER TABLE parted ALTER COLUMN id SET NOT NULL
    parted ACCESS EXCLUSIVE scanned
ALTER TABLE hashed ALTER COLUMN id SET NOT NULL
    hashed ACCESS EXCLUSIVE scanned
ALTER TABLE hashed ALTER COLUMN at TYPE timestamp
    hashed ACCESS EXCLUSIVE scanned+rewritten
ALTER TABLE hashed ADD PRIMARY KEY (id)
    hashed ACCESS EXCLUSIVE scanned+indexed
ALTER TABLE listed ATTACH PARTITION loose FOR VALUES IN (2)
    loose ACCESS EXCLUSIVE scanned
ALTER TABLE listed ATTACH PARTITION tight FOR VALUES IN (3)
    tight ACCESS EXCLUSIVE
ALTER TABLE listed DETACH PARTITION listed_1
    listed ACCESS EXCLUSIVE
CREATE TABLE parted_2 PARTITION OF parted FOR VALUES FROM ('2022-01-01') TO ('2023-01-01')
    parted ACCESS EXCLUSIVE scanned
CREATE TABLE hashed_1 PARTITION OF hashed FOR VALUES WITH (MODULUS 2, REMAINDER 0)
    hashed ACCESS EXCLUSIVE
CREATE TABLE listed_rest PARTITION OF listed DEFAULT
    listed ACCESS EXCLUSIVE
CREATE TABLE sons () INHERITS (base)
    nothing
CREATE TABLE invoices (id int, customer_id int REFERENCES customers)
    customers SHARE ROW EXCLUSIVE
CREATE TABLE copies AS SELECT * FROM orders
    orders ACCESS SHARE scanned
CREATE TABLE alike (LIKE orders INCLUDING ALL)
    nothing
CREATE INDEX ON orders (customer_id)
    orders SHARE scanned+indexed
CREATE UNIQUE INDEX ON orders (note, id)
    orders SHARE scanned+indexed
CREATE INDEX ON ONLY parted (id)
    parted SHARE
CREATE INDEX ON parted (id)
    parted SHARE scanned+indexed
CREATE INDEX ON hashed (id)
    hashed SHARE scanned+indexed
DROP INDEX orders_status
    orders ACCESS EXCLUSIVE
ALTER INDEX orders_status RENAME TO s
    nothing
ALTER INDEX orders_status SET (fillfactor = 70)
    nothing
REINDEX INDEX orders_status
    orders ACCESS EXCLUSIVE scanned+indexed
REINDEX TABLE orders
    orders ACCESS EXCLUSIVE scanned+indexed
CLUSTER orders USING orders_status
    orders ACCESS EXCLUSIVE scanned+rewritten+indexed
DROP TABLE orders CASCADE
    orders ACCESS EXCLUSIVE; totals ACCESS EXCLUSIVE
TRUNCATE orders
    orders ACCESS EXCLUSIVE emptied
TRUNCATE customers CASCADE
    checked ACCESS EXCLUSIVE emptied; customers ACCESS EXCLUSIVE emptied
ALTER DOMAIN cents ADD CHECK (value > 0)
    orders SHARE scanned
ALTER DOMAIN cents ADD CONSTRAINT positive CHECK (value > 0) NOT VALID
    nothing
ALTER DOMAIN cents SET NOT NULL
    orders SHARE scanned
ALTER DOMAIN cents SET DEFAULT 3
    nothing
ALTER TYPE mood ADD VALUE 'happy'
    nothing
ALTER TYPE mood RENAME VALUE 'ok' TO 'fine'
    nothing
ALTER TYPE pair ADD ATTRIBUTE c int CASCADE
    typed ACCESS EXCLUSIVE
ALTER TYPE pair ALTER ATTRIBUTE a TYPE bigint CASCADE
    typed ACCESS EXCLUSIVE scanned+rewritten
CREATE TRIGGER t AFTER INSERT ON orders FOR EACH ROW EXECUTE FUNCTION nothing()
    orders SHARE ROW EXCLUSIVE
DROP TRIGGER watch ON customers
    customers ACCESS EXCLUSIVE
ALTER TRIGGER watch ON customers RENAME TO w
    customers ACCESS EXCLUSIVE
CREATE POLICY p ON orders USING (true)
    orders ACCESS EXCLUSIVE
CREATE RULE r2 AS ON DELETE TO orders DO NOTHING
    orders ACCESS EXCLUSIVE
CREATE OR REPLACE VIEW names AS SELECT name, id FROM customers
    names ACCESS EXCLUSIVE
CREATE VIEW mails AS SELECT email FROM customers
    nothing
DROP VIEW names
    names ACCESS EXCLUSIVE
ALTER VIEW names RENAME TO n
    names ACCESS EXCLUSIVE
CREATE MATERIALIZED VIEW m AS SELECT count(*) FROM orders
    orders ACCESS SHARE scanned
REFRESH MATERIALIZED VIEW totals
    orders ACCESS SHARE scanned; totals ACCESS EXCLUSIVE scanned+rewritten+indexed
REFRESH MATERIALIZED VIEW CONCURRENTLY totals
    orders ACCESS SHARE scanned
CREATE STATISTICS s ON status, note FROM orders
    nothing
COMMENT ON TABLE orders IS 'x'
    nothing
GRANT SELECT ON orders TO PUBLIC
    nothing
ALTER SEQUENCE counter RESTART
    counter SHARE ROW EXCLUSIVE
ALTER SEQUENCE counter OWNED BY orders.id
    counter SHARE ROW EXCLUSIVE
ALTER TABLE figures ADD PRIMARY KEY USING INDEX figures_id
    figures ACCESS EXCLUSIVE
ALTER TABLE lines ADD PRIMARY KEY USING INDEX lines_id
    lines ACCESS EXCLUSIVE scanned
ALTER TABLE figures ALTER COLUMN doubled DROP EXPRESSION
    figures ACCESS EXCLUSIVE
ALTER TABLE figures ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY
    figures ACCESS EXCLUSIVE
ALTER TABLE orders ALTER COLUMN qty TYPE text USING qty::text
    orders ACCESS EXCLUSIVE scanned+rewritten+indexed
ALTER TABLE orders ADD COLUMN x int, ADD CONSTRAINT c CHECK (qty > 0)
    orders ACCESS EXCLUSIVE scanned
ALTER TABLE tree ADD FOREIGN KEY (parent) REFERENCES tree
    tree SHARE ROW EXCLUSIVE scanned
ALTER TABLE listed ADD FOREIGN KEY (id) REFERENCES customers
    customers SHARE ROW EXCLUSIVE scanned; listed SHARE ROW EXCLUSIVE scanned
ALTER TABLE hashed ADD FOREIGN KEY (id) REFERENCES customers
    customers SHARE ROW EXCLUSIVE scanned; hashed SHARE ROW EXCLUSIVE scanned
ALTER TABLE orders ALTER COLUMN price TYPE int
    orders ACCESS EXCLUSIVE
ALTER TABLE orders FORCE ROW LEVEL SECURITY
    orders ACCESS EXCLUSIVE
ALTER INDEX parted_at ATTACH PARTITION parted_1_at
    parted_1 ACCESS EXCLUSIVE
CREATE INDEX ON notes USING hash (id)
    notes SHARE scanned+indexed
CREATE INDEX ON notes USING brin (id)
    notes SHARE scanned+indexed
CREATE INDEX ON notes (lower(body)) WHERE id > 5
    notes SHARE scanned+indexed
CREATE PUBLICATION p FOR TABLE orders
    nothing
DROP SCHEMA aside
    nothing
DROP FUNCTION add_column
    nothing
DROP MATERIALIZED VIEW totals
    totals ACCESS EXCLUSIVE
DROP SEQUENCE counter
    counter ACCESS EXCLUSIVE
ALTER MATERIALIZED VIEW totals RENAME TO t
    totals ACCESS EXCLUSIVE
LOCK TABLE orders IN SHARE MODE
    orders SHARE
DO $$BEGIN EXECUTE format('ALTER TABLE %I ALTER COLUMN qty TYPE bigint', 'orders'); END$$
    orders ACCESS EXCLUSIVE scanned+rewritten+indexed
DO $$BEGIN ALTER TABLE orders ADD CHECK (qty > 0); EXCEPTION WHEN data_exception THEN NULL; END$$
    orders ACCESS EXCLUSIVE scanned
DO $$BEGIN UPDATE orders SET qty = qty; END$$
    orders ROW EXCLUSIVE scanned+written
DO $$BEGIN TRUNCATE orders; END$$
    orders ACCESS EXCLUSIVE emptied
DO $$BEGIN UPDATE orders SET qty = qty WHERE id = 5; END$$
    nothing
SELECT add_column()
    orders ACCESS EXCLUSIVE scanned+rewritten+indexed
SELECT raise_prices()
    orders ROW EXCLUSIVE scanned+written
SELECT count(*) FROM orders
    orders ACCESS SHARE scanned
SELECT * FROM orders WHERE id = 1
    nothing
SELECT * FROM orders FOR UPDATE
    orders ROW SHARE scanned+written
SELECT * FROM orders LIMIT 10 FOR UPDATE
    nothing
SELECT * FROM orders LIMIT 10
    nothing
SELECT * FROM orders ORDER BY id LIMIT 10
    nothing
SELECT * FROM orders ORDER BY note LIMIT 10
    orders ACCESS SHARE scanned
SELECT count(*) FROM orders LIMIT 1
    orders ACCESS SHARE scanned
SELECT max(id) FROM orders
    nothing
SELECT * FROM customers WHERE name = (SELECT max(note) FROM orders) LIMIT 1
    orders ACCESS SHARE scanned
SELECT setval('counter', 5)
    nothing
UPDATE orders SET qty = qty
    orders ROW EXCLUSIVE scanned+written
UPDATE orders SET qty = qty WHERE note IS NULL
    orders ROW EXCLUSIVE scanned+written
UPDATE orders SET qty = qty WHERE id = 1
    nothing
UPDATE orders SET qty = qty WHERE id IN (SELECT id FROM orders WHERE note IS NULL LIMIT 100)
    nothing
UPDATE orders SET qty = qty WHERE id IN (SELECT id FROM orders LIMIT 100 FOR UPDATE)
    nothing
WITH a AS (SELECT id FROM orders LIMIT 9 FOR UPDATE) DELETE FROM orders o USING a WHERE o.id = a.id
    nothing
UPDATE orders SET qty = qty WHERE id BETWEEN 1 AND 1000
    nothing
UPDATE orders SET qty = qty WHERE id > 0
    orders ROW EXCLUSIVE scanned+written
UPDATE orders SET qty = qty WHERE qty IS NULL
    orders ROW EXCLUSIVE scanned+written
UPDATE orders SET qty = qty WHERE id IN (1, 2, 3)
    nothing
DELETE FROM orders USING customers c WHERE orders.id = c.id
    orders ROW EXCLUSIVE scanned+written
UPDATE orders SET qty = qty WHERE false
    nothing
UPDATE orders o SET note = c.name FROM customers c WHERE c.id = o.customer_id
    orders ROW EXCLUSIVE scanned+written
UPDATE parted SET id = id
    parted ROW EXCLUSIVE scanned+written
UPDATE hashed SET at = at
    hashed ROW EXCLUSIVE scanned+written
WITH old AS (SELECT id FROM orders LIMIT 10) DELETE FROM orders o USING old WHERE o.id = old.id
    nothing
DELETE FROM orders
    orders ROW EXCLUSIVE scanned+written
DELETE FROM orders WHERE status = 's1'
    nothing
DELETE FROM notes WHERE id IN (SELECT id FROM customers)
    notes ROW EXCLUSIVE scanned+written
MERGE INTO orders o USING customers c ON o.id = c.id WHEN MATCHED THEN UPDATE SET price = 0
    orders ROW EXCLUSIVE scanned+written
INSERT INTO notes VALUES (1, 'b')
    nothing
INSERT INTO notes SELECT id, note FROM orders
    orders ACCESS SHARE scanned
INSERT INTO customers SELECT id, note FROM orders ON CONFLICT (id) DO UPDATE SET name = 'x'
    customers ROW EXCLUSIVE scanned+written; orders ACCESS SHARE scanned
COPY orders TO STDOUT
    orders ACCESS SHARE scanned
ANALYZE orders
    nothing
"""
# What older servers do not support.
_SINCE = {
    170000: """
ALTER TABLE figures ALTER COLUMN doubled SET EXPRESSION AS (id * 3)
    figures ACCESS EXCLUSIVE scanned+rewritten+indexed
""",
    180000: """
ALTER TABLE orders ADD COLUMN x int GENERATED ALWAYS AS (qty * 2) VIRTUAL
    orders ACCESS EXCLUSIVE
ALTER TABLE orders ADD CONSTRAINT c NOT NULL note NOT VALID
    orders ACCESS EXCLUSIVE
ALTER TABLE orders ADD FOREIGN KEY (customer_id) REFERENCES customers NOT ENFORCED
    customers SHARE ROW EXCLUSIVE; orders SHARE ROW EXCLUSIVE
""",
}
_SUPERUSERS_ONLY = ("ALTER TABLE orders ENABLE TRIGGER ALL",)


def statements(server_version: int, *, is_superuser: bool = True) -> dict[str, str]:
    """The statements that the server and the role can run, with the effects of each."""
    tables = [_TABLE, *(table for since, table in _SINCE.items() if server_version >= since)]
    lines = [line for table in tables for line in table.strip().splitlines()]
    found = {line: effects.strip() for line, effects in zip(lines[::2], lines[1::2], strict=True)}
    return {s: e for s, e in found.items() if is_superuser or s not in _SUPERUSERS_ONLY}
