SELECT 1 - -1, 2--1; not an operator
  , 3 / 2, 4 */* ; */ 5, 6 - 7 ;
SELECT a->'b;', a->>'c', a #>> '{a,b;}', a @> '{"a;": 1}', a <-> b, a ?| array['x'] FROM t;
SELECT 1 OPERATOR(pg_catalog.-) 2, @ -3, |/ 4, !! 5, a *- b, a </* ; */ b FROM t;
CREATE OPERATOR @-@ (leftarg = box, procedure = area);
CREATE OPERATOR */ (leftarg = int, rightarg = int, procedure = f);
CREATE OPERATOR @/- (leftarg = int, rightarg = int, procedure = f);
SELECT a::text, f(x := 1, y => 2), arr[1:2], (r).*, .5, 1., 1.5e-3, 0x1F, 1_000, 1e5 FROM t;
