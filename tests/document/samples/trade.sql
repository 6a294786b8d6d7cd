-- A trading company, of the size and kind of Northwind: names with capitals and blanks, a schema of
-- its own, policies, a table per day, generated columns, composite and range types.

CREATE SCHEMA hr;
COMMENT ON SCHEMA hr IS 'Who works here';
CREATE TYPE hr.address AS (street text, city text, country character(2));
CREATE TYPE price_range AS RANGE (subtype = numeric);
CREATE DOMAIN email AS text COLLATE "C" NOT NULL DEFAULT 'none@example.org'
  CONSTRAINT email_has_at CHECK (VALUE LIKE '%@%') CONSTRAINT email_is_short CHECK (length(VALUE) < 99);

CREATE TABLE "Categories" (
  "CategoryID" smallint PRIMARY KEY, "CategoryName" varchar(15) NOT NULL, "Description" text,
  "Picture" bytea);
CREATE TABLE "Suppliers" ("SupplierID" smallint PRIMARY KEY, "CompanyName" varchar(40) NOT NULL);
CREATE TABLE "Products" (
  "ProductID" smallint PRIMARY KEY, "ProductName" varchar(40) NOT NULL,
  "SupplierID" smallint REFERENCES "Suppliers", "CategoryID" smallint REFERENCES "Categories",
  "UnitPrice" real DEFAULT 0 CHECK ("UnitPrice" >= 0), "Discontinued" integer NOT NULL DEFAULT 0,
  allowed price_range, EXCLUDE USING gist (allowed WITH &&) WHERE ("Discontinued" = 0));
CREATE TABLE hr.employees (
  employee_id smallint PRIMARY KEY, last_name varchar(20) NOT NULL, home hr.address,
  mail email, boss smallint REFERENCES hr.employees, born date DEFAULT '2000-01-31',
  full_name text GENERATED ALWAYS AS (upper(last_name)) STORED);
ALTER TABLE hr.employees ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_row ON hr.employees FOR SELECT USING (last_name = CURRENT_USER);
CREATE POLICY no_delete ON hr.employees AS RESTRICTIVE FOR DELETE USING (false);
COMMENT ON POLICY own_row ON hr.employees IS 'Everyone sees only themselves';
CREATE TABLE "Customers" ("CustomerID" character(5) PRIMARY KEY, "CompanyName" varchar(40) NOT NULL);
CREATE TABLE "CustomerDemographics" ("CustomerTypeID" character(8) PRIMARY KEY, "CustomerDesc" text);
CREATE TABLE "CustomerCustomerDemo" (
  "CustomerID" character(5) REFERENCES "Customers",
  "CustomerTypeID" character(8) REFERENCES "CustomerDemographics",
  PRIMARY KEY ("CustomerID", "CustomerTypeID"));
CREATE TABLE "Region" ("RegionID" smallint PRIMARY KEY, "RegionDescription" text NOT NULL);
CREATE TABLE "Territories" (
  "TerritoryID" varchar(20) PRIMARY KEY, "RegionID" smallint NOT NULL REFERENCES "Region");
CREATE TABLE "EmployeeTerritories" (
  "EmployeeID" smallint REFERENCES hr.employees, "TerritoryID" varchar(20) REFERENCES "Territories",
  PRIMARY KEY ("EmployeeID", "TerritoryID"));
CREATE TABLE "Shippers" ("ShipperID" smallint PRIMARY KEY, "CompanyName" varchar(40) NOT NULL);
CREATE TABLE "Orders" (
  "OrderID" smallint PRIMARY KEY, "CustomerID" character(5) REFERENCES "Customers",
  "EmployeeID" smallint REFERENCES hr.employees, "ShipVia" smallint REFERENCES "Shippers",
  "Freight" real, "Ship Name" varchar(40), placed timestamptz DEFAULT '2020-02-29 12:00+02',
  took interval DEFAULT '1 day 02:00');
CREATE TABLE "Order Details" (
  "OrderID" smallint REFERENCES "Orders" ON DELETE CASCADE, "ProductID" smallint,
  "UnitPrice" real NOT NULL, "Quantity" smallint NOT NULL, "Discount" real NOT NULL,
  PRIMARY KEY ("OrderID", "ProductID"), FOREIGN KEY ("ProductID") REFERENCES "Products");
CREATE TABLE "Notes" ("OrderID" smallint, "ProductID" smallint, note text,
  UNIQUE NULLS NOT DISTINCT ("OrderID", "ProductID"),
  FOREIGN KEY ("OrderID", "ProductID") REFERENCES "Order Details" MATCH FULL);
CREATE UNLOGGED TABLE "Import Buffer" (line text) WITH (fillfactor = 50);
CREATE TABLE audit (at timestamptz NOT NULL) PARTITION BY HASH (at);
CREATE TABLE audit_0 PARTITION OF audit FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE audit_1 PARTITION OF audit FOR VALUES WITH (MODULUS 2, REMAINDER 1)
  PARTITION BY RANGE (at);
CREATE TABLE audit_1_now PARTITION OF audit_1 DEFAULT;
CREATE TABLE journal (id integer, CHECK (id > 0));
CREATE TABLE journal_of_today (LIKE journal INCLUDING CONSTRAINTS) INHERITS (journal);
CREATE SEQUENCE hr.badge START 1000 INCREMENT 10 CYCLE MAXVALUE 9990;
CREATE STATISTICS order_stats (dependencies) ON "CustomerID", "ShipVia" FROM "Orders";
CREATE TEXT SEARCH CONFIGURATION goods (COPY = english);
CREATE RULE keep_regions AS ON DELETE TO "Region" DO INSTEAD NOTHING;
CREATE VIEW "Order Subtotals" WITH (security_barrier) AS
  SELECT "OrderID", sum("UnitPrice" * "Quantity") AS "Subtotal" FROM "Order Details" GROUP BY 1;
CREATE VIEW hr.staff AS SELECT last_name FROM hr.employees;
CREATE FUNCTION hr.refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER no_hiring INSTEAD OF INSERT ON hr.staff FOR EACH ROW EXECUTE FUNCTION hr.refuse();
ALTER TABLE "Orders" DISABLE TRIGGER ALL;
CREATE TRIGGER quiet AFTER UPDATE ON "Orders" FOR EACH STATEMENT EXECUTE FUNCTION hr.refuse();
ALTER TABLE "Orders" DISABLE TRIGGER quiet;
