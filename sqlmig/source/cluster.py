"""Which statements reach beyond their database: roles, databases, tablespaces, server settings.

Source: the pages of these commands in PostgreSQL's manual.
"""

from __future__ import annotations

import re

from sqlmig.source.script import PreparedScript

_OF_THE_CLUSTER = re.compile(
    r"""\b(?:
      (?:create|alter|drop)\s+(?:role|user(?!\s+mapping)|group|database|tablespace)
    | alter\s+system
    | reassign\s+owned
    | drop\s+owned
    )\b""",
    re.VERBOSE | re.IGNORECASE,
)
_MEMBERSHIP = re.compile(r"(?:grant|revoke)\b(?!.*\bon\b)", re.IGNORECASE | re.DOTALL)
_ROUTINE = re.compile(r"create\s+(?:or\s+replace\s+)?(?:function|procedure)\b", re.IGNORECASE)


def cluster_statement(prepared: PreparedScript) -> str | None:
    """The first line of the first statement that would change more than its database.

    The text of a DO block counts, that of a routine, which may never be called, does not. Words in
    a comment or a string count too: it is for refusing, so it may err on the side of care.
    """
    for index in range(len(prepared.statements)):
        text = prepared.statement_text(index).strip()
        if _ROUTINE.match(text):
            continue
        if _MEMBERSHIP.match(text) or _OF_THE_CLUSTER.search(text):
            return text.splitlines()[0]
    return None
