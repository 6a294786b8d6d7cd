\restrict aB3$'x;
SELECT 1;
\echo it's; "fine" /*
SELECT 2 \gset
  \unrestrict aB3$'x;
SELECT '\restrict', $$
\unrestrict
$$;
\q
