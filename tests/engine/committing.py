"""Spellings of scripts that try to commit, or to change how the rest of the script is read."""

from __future__ import annotations

import re

from hypothesis import strategies as st

SETTING = "standard_conforming_strings"
ENCODINGS = ("SJIS", "BIG5", "GBK", "UHC", "JOHAB", "GB18030", "SHIFT_JIS_2004", "LATIN1")
_BLANKS = (" ", "\n", "/**/", " /* a /* b */ c */ ", " -- x\n")
_ENDINGS = (
    *(
        "commit",
        "end",
        "commit work",
        "end transaction",
        "abort",
        "rollback",
        "prepare transaction 'p'",
    ),
    *("commit and chain", "end and chain", "rollback and chain", "abort and chain"),
    *("commit; begin", "commit; start transaction deferrable", "rollback; begin"),
    "commit; begin isolation level read committed deferrable",
    "commit and chain; create table b (i int); rollback and chain",
    "commit; begin; savepoint _sqlmig_script; savepoint s",
)
# {ending} stands where it does not affect what the lexer sees.
_TRICKS = (
    "{ending}",
    "do $$ begin {ending}; end $$",
    "do $$ begin execute '{quoted}'; end $$",
    "do $a$ declare s text := $b${ending}$b$; begin execute s; end $a$",
    "create procedure p() language plpgsql as $$ begin {ending}; end $$; call p()",
    "create procedure p() language plpgsql as $$ begin execute '{quoted}'; end $$; call p()",
    "create function f() returns int language sql as $$ {ending}; select 1 $$; select f()",
    "do $$ begin execute 'release savepoint ' || "
    "substring(current_query() from 'SAVEPOINT (sqlmig_[0-9a-f]+)'); {ending}; end $$",
    "do $$ begin execute 'savepoint ' || substring(current_query() from "
    "'SAVEPOINT (sqlmig_[0-9a-f]+)'); exception when others then null; end $$; {ending}",
    "select 'x\\'' ; {ending}; --'",
    "select 'x\\' ; {ending}; -- '' \\'",
    "select E'x\\'' ; {ending}; --'",
    "select U&'x\\005c' ; {ending}; --'",
    "select '表\\'' ; {ending}; --'",
    "select 'ソ' ; {ending}; --'",
    "select '功' , '; {ending}; --'",
    'select 1 as "a\\"" ; {ending}; --"',
)
_TAILS = (
    "",
    "select 1/0",
    "create table c (id nonsense)",
    "select nonsense",
    "create table d (i int)",
)


def _name(name: str) -> st.SearchStrategy[str]:
    """String constants with that value."""
    first, rest = name[0], name[1:]
    return st.sampled_from(
        (
            f"'{name}'",
            f"'{first.upper()}{rest}'",
            f"$${name}$$",
            f"$q${name}$q$",
            f"'{first}' || '{rest}'",
            f"'{first}'\n'{rest}'",
            f"E'\\x{ord(first):02x}{rest}'",
            f"U&'\\{ord(first):04x}{rest}'",
            f"U&'!{ord(first):04x}{rest}' UESCAPE '!'",
            f"chr({ord(first)}) || '{rest}'",
        )
    )


@st.composite
def _setters(draw: st.DrawFn) -> str:
    """Statements that change how text is read, if they have any effect."""
    setting, value = draw(
        st.one_of(
            st.just((SETTING, "off")),
            st.tuples(st.just("client_encoding"), st.sampled_from(ENCODINGS)),
            st.just(("backslash_quote", "on")),
        )
    )
    name, is_local = draw(_name(setting)), draw(st.sampled_from(("true", "false")))
    call = f"set_config({name}, '{value}', {is_local})"
    upper = setting.upper()
    return draw(
        st.sampled_from(
            (
                f"select {call}",
                f"SELECT pg_catalog.{call}",
                f"do $a$ begin perform {call}; end $a$",
                f"do $a$ begin execute 'set {setting} = ' || '{value}'; end $a$",
                f"create function s() returns text language sql as $b$ select {call} $b$;"
                " select s()",
                f"create table n as select {call} as x",
                f"update pg_settings set setting = '{value}' where name = {name}",
                f"set {setting} = {value}",
                f'SET/**/LOCAL "{setting}" TO {value}',
                f"set U&\"{setting.replace('_', chr(92) + '005f')}\" = '{value}'",
                f"SET session {upper} to '{value}'",
                f"savepoint s; select {call}; release s",
                f"create function g() returns int language sql set {setting} = {value} as "
                "$b$ select 1 $b$; select g()",
            )
        )
    )


@st.composite
def scripts(draw: st.DrawFn) -> str:
    """Scripts that create a table, try a trick or two, and end somehow."""
    blank = draw(st.sampled_from(_BLANKS))
    ending = re.sub(" ", lambda _: blank, draw(st.sampled_from(_ENDINGS)))
    if draw(st.booleans()):
        ending = ending.upper()
    parts = ["create table inbox (i int)", "delete from kept"]
    for _ in range(draw(st.integers(1, 2))):
        parts += draw(st.lists(_setters(), max_size=2))
        if draw(st.booleans()):
            parts.append("copy inbox from stdin;\n1\n\\.\nselect 1")
        trick = draw(st.sampled_from(_TRICKS))
        parts.append(trick.format(ending=ending, quoted=ending.replace("'", "''")))
    parts.append(draw(st.sampled_from(_TAILS)))
    return ";\n".join(parts) + draw(st.sampled_from(("", ";", " -- end", "\n")))
