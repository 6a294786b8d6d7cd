PREPARE p (integer, text) AS SELECT $1, $2 || ';', $1-$2, f($1,$2);
SELECT a$b, a$$, a$$b$$c FROM t$1; SELECT e$$, _$x$, é$y$;
SELECT straße, "naïve; name", 名前 FROM таблица AS 😀;
SELECT begin, end_, atomic FROM begin AS atomic; SELECT 1 AS end, 2 AS begin, 3 AS atomic;
SELECT begin atomic FROM t; SELECT CASE WHEN a THEN 1 ELSE 2 END FROM t;
SELECT rule, function, "create" FROM t; SELECT stdin FROM copy;
