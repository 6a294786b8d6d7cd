SELECT 'it''s; here', '', '''', ''';''', 'no escape \', ';';
SELECT E'it\'s; here', e'\\', E'\\\';', E''';', E'line
break;\'';
SELECT U&'\0441\043B;', u&'d!0061t!0061;' UESCAPE '!', U&"a;b", "quoted; ""name""", "back\";
SELECT B'01', X'1F', N'national; text', b'', x'ab' ;
SELECT name'e;', 'a'::text, type';', date'2020-01-01' FROM e;
SELECT 'C:\', 'D:\';
SELECT 'a' AS e, E'b\'' AS "e';", e';\'' ;
SELECT 'a "b; c', "d 'e; f", '--; /* ', "/*; --" ;
