CREATE RULE r AS ON INSERT TO t DO ALSO (INSERT INTO a VALUES (1); DELETE FROM b; NOTIFY c);
create or replace rule r as on update to t where (old.a = ')') do instead (
  update b set a = ((1)); /* ) */ select ';)' ; -- )
);
CREATE -- rule
  RULE "r;" AS ON DELETE TO t DO INSTEAD NOTHING;
CREATE OR /* ; */ REPLACE RULE r AS ON DELETE TO t DO INSTEAD DELETE FROM b;
SELECT 1;
