-- The rows of COPY are not SQL.
COPY public.a (id, name) FROM stdin;
1	it's; "open /* $$
2	\N
\.x
\\.
\.


COPY b FROM /* ; */ STDIN WITH (FORMAT csv) ; -- then data; follow
1,"a;
b"
\.
COPY c FROM stdout;
\.
copy (select * from stdin) to stdout;
COPY d TO '/tmp/from stdin';
COPY e FROM '/tmp/x' WHERE (a IS DISTINCT FROM stdin);
COPY "stdin" TO STDOUT;
SELECT 1;
copy f from stdin;
the end; of the
file
