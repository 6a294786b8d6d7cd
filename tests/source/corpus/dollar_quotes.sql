SELECT $$a; b$$, $tag$ $$ ; ' -- " /* $tag$, $_1$;$_1$;
SELECT $é$ a; $e$ b $é$, $名前$;$名前$;
SELECT $$$$, $a$$$;$a$, $a$ $b$ ; $a $a$;
DO $do$
BEGIN
  EXECUTE $sql$SELECT ';' || $$;$$$sql$;
  PERFORM 'it''s'; -- a comment; with $$
END;
$do$;
CREATE FUNCTION f(integer) RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
  RETURN $1; /* unbalanced
END;
$$;
SELECT 5;
