SELECT 'a' -- it's; a comment
  -- and another; one
  'b;';
SELECT E'a\'' -- it's; a comment

  -- and another; one
  'b\';' ;
SELECT 1;
