SELECT 'a'
  'b;''';
SELECT E'a\''
  'b\';';
SELECT E'a'

	'b\'' || ';' ;
SELECT U&'a;'
  'b;' UESCAPE '!';
SELECT 'a'
  /* it ends here; */
  || 'b\' ;
