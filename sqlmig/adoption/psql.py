"""Scripts that a tool runs in psql."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sqlmig.adoption.cutting import half
from sqlmig.adoption.model import Half
from sqlmig.errors import SourceError
from sqlmig.model import Location, Script
from sqlmig.source.files import lexical_error
from sqlmig.source.lexer import LexError, statements, token_spans
from sqlmig.source.outside import runs_only_outside
from sqlmig.source.transactions import own_transactions

_may_hold_variable = re.compile(r"(?<!:):[\w'\"]").search


def run_by_psql(script: Script) -> tuple[Half, list[SourceError]]:
    """The script without a BEGIN and COMMIT that enclose all of it, and the variables in it.

    Without BEGIN and COMMIT, psql runs each statement in a transaction of its own. Raises
    SourceError for text that cannot be read as SQL.
    """
    text = script.text
    try:
        found = list(statements(text))
        variables = list(_variables(script))
    except LexError as error:
        raise lexical_error(script, error) from error
    own = own_transactions(text, found)
    cut = [(each.start, each.stop) for each in found if each.start in own]
    alone = len(found) == 1 and not runs_only_outside(text, found[0])
    opens = any(each.word in ("begin", "start") for each in found)
    spans, position = [], 0
    for start, stop in cut:
        spans.append((position, start))
        position = stop
    spans.append((position, len(text)))
    return half(script, spans, transactional=bool(opens or alone or not found)), variables


def _variables(script: Script) -> Iterator[SourceError]:
    """`:name`, `:'name'` and `:"name"`; inside brackets, a colon belongs to an array slice."""
    text, depth, colon = script.text, 0, -1
    if not _may_hold_variable(text):
        return
    for start, end in token_spans(text):
        word = text[start:end]
        if start == colon and not depth and (word[0] in "'\"" or word[0].isidentifier()):
            yield SourceError(
                f"the variable :{word} of psql, which sqlmig does not replace",
                location=Location.at(script.path, text, start - 1),
                remedy="Write its value into the file.",
            )
        depth += (word == "[") - (word == "]")
        colon = end if word == ":" else -1
