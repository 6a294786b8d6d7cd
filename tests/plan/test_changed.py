"""Whether two scripts differ in more than comments and white space."""

from __future__ import annotations

from sqlmig.plan.changed import differ_in_layout_only


def test_comments_and_white_space_are_layout() -> None:
    assert differ_in_layout_only("select 1;", "-- one\r\nselect\t1 /* 1 */;")
    assert not differ_in_layout_only("select 1", "select 2")
    assert not differ_in_layout_only("select 'a b'", "select 'a  b'")


def test_texts_that_cannot_be_read_as_sql_never_count_as_the_same() -> None:
    assert not differ_in_layout_only("select '", "select '")
