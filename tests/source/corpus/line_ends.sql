SELECT 1;
-- a comment;
SELECT 'a'
  'b;';
/* a;
 b */ SELECT $$
;
$$;
SELECT E'a\''
	'b\';';
SELECT 2 -- é; ;SELECT3