CREATE FUNCTION one() RETURNS integer BEGIN ATOMIC SELECT 1; END;
create or replace function two(a integer) returns integer language sql
begin /* ; */ atomic
  select case when a > 0 then 1 else 2 end;
  select case a when 1 then begin end from (select 1 as begin) as "end";
  select 1 as end; select end_.atomic from t as end_; select begin atomic from t;
  select case when true then atomic end from t;
  return (select ';' || $$;$$);
  -- end;
end;
SELECT 1;
CREATE PROCEDURE three() BEGIN ATOMIC END;
CREATE OR REPLACE /* ; */ PROCEDURE four(begin atomic, "end" text)
  BEGIN ATOMIC INSERT INTO t VALUES (1); DELETE FROM t; UPDATE t SET a = 1; END ;
CREATE FUNCTION five(begin atomic) RETURNS integer LANGUAGE sql AS 'select 1';
SELECT 2;
CREATE FUNCTION six() RETURNS TABLE (begin atomic) LANGUAGE sql AS $$ SELECT 1; $$;
CREATE FUNCTION atomic() RETURNS integer RETURN 1;
SELECT 3;
CREATE FUNCTION seven() RETURNS void BEGIN ATOMIC ; END;
BEGIN; SELECT atomic; END;
CREATE TABLE begin (atomic integer); SELECT 4;
