-- a comment; with a semicolon, a quote ' and a $$
/* a block; comment */ SELECT 1 -- trailing; comment
;
/* nested /* deeper; /* deepest ' */ " */ $$ */
SELECT /* ' */ 2 /*/ still; a comment /*/ */ */ + /**/ 3 /***/ ; -- done
;;
SELECT 4 --no newline before the end;
/* a comment at the end; */
