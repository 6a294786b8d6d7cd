"""Prepares a script to run: finds its statements, and refuses what no migration may contain."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from sqlmig.errors import SourceError
from sqlmig.model import Directives, Location, Script
from sqlmig.source.files import lexical_error
from sqlmig.source.folders import raise_all
from sqlmig.source.lexer import LexError, Statement, leading_words, statements
from sqlmig.source.outside import runs_only_outside
from sqlmig.source.rounds import round_problems
from sqlmig.source.transactions import own_transactions

# To parse one message, a server needs about ten times the text in memory; batches keep that small.
_BATCH_CHARACTERS = 1 << 20
_MOST_PROBLEMS = 50  # reported for one file; more are probably the same again

OUTSIDE_REMEDY = (
    "Put `-- transactional: false` at the head of the file, best with no other statement in it."
)
_TRANSACTION_WORDS = frozenset({"begin", "start", "commit", "end", "abort", "rollback", "prepare"})
_HARMLESS_META_COMMANDS = ("\\restrict", "\\unrestrict")
_META_REMEDIES = dict.fromkeys(
    ("\\i", "\\ir", "\\include", "\\include_relative"),
    "Remove it, and put the contents of that file here.",
)

# Settings that change how the server reads the rest of a script, and the values that do not.
_READING = {
    "standard_conforming_strings": ("on", "true", "yes", "1", "default"),
    "client_encoding": ("utf8", "utf-8", "unicode", "default"),
    "names": ("utf8", "utf-8", "unicode", "default"),  # SET NAMES is client_encoding
}


@dataclass(frozen=True, slots=True)
class PreparedScript:
    """A script that may run.

    `text` is the script's, with every character at the same place, except that what the server must
    not see is blank: psql's \\restrict lines, and BEGIN and COMMIT if omitting them changes
    nothing. `notes` say what was blanked, as far as a reader would want to know.
    """

    script: Script
    text: str
    statements: tuple[Statement, ...]
    notes: tuple[str, ...] = ()

    def statement_text(self, index: int) -> str:
        """The text of that statement, without its semicolon."""
        statement = self.statements[index]
        return self.text[statement.start : statement.end]

    def copied_rows(self, data: tuple[int, int] | None) -> str:
        """The rows of a COPY … FROM STDIN; `data` is that of a statement or chunk."""
        return self.text[slice(*data)] if data else ""

    def location(self, offset: int) -> Location:
        """The place of that character."""
        return Location.at(self.script.path, self.script.text, offset)

    def statement_location(self, index: int) -> Location:
        """The place of that statement's first character."""
        return self.location(self.statements[index].start)


@dataclass(frozen=True, slots=True)
class Chunk:
    """A run of whole statements to be sent as one message: `text[start:end]` of the script.

    `data`, if it is not None, are the rows of the COPY statement that ends the chunk.
    """

    start: int
    end: int
    first_statement: int
    data: tuple[int, int] | None = None


def prepare(script: Script, directives: Directives) -> PreparedScript:
    """The script ready to run.

    Raises SourceError, at the statement, for text that cannot be read as SQL, a statement that
    would end the transaction or cannot run in one, a psql meta-command, a setting that changes how
    text is read, and what a repeated file cannot contain; UnusableFilesError for several of these
    (the first fifty).
    """
    try:
        found = tuple(statements(script.text))
    except LexError as error:
        raise lexical_error(script, error) from error
    kept = tuple(statement for statement in found if not _is_harmless(statement))
    notes: tuple[str, ...] = ()
    if directives.transactional and (own := own_transactions(script.text, kept)):
        kept = tuple(statement for statement in kept if statement.start not in own)
        notes = (f"{script.path}: its own BEGIN and COMMIT are left out; sqlmig sends them",)
    raise_all(list(islice(_problems(script, kept, directives), _MOST_PROBLEMS)))
    starts = {statement.start for statement in kept}
    blanks = [statement for statement in found if statement.start not in starts]
    return PreparedScript(script, _blanked(script.text, blanks), kept, notes)


def chunks(prepared: PreparedScript) -> Iterator[Chunk]:
    """The messages to send, in order; together they are the whole text except COPY's rows."""
    start, first = 0, 0
    for index, statement in enumerate(prepared.statements):
        if statement.data is not None:
            yield Chunk(start, statement.end, first, statement.data)
        elif statement.stop - start >= _BATCH_CHARACTERS:
            yield Chunk(start, statement.stop, first)
        else:
            continue
        start, first = statement.stop, index + 1
    yield Chunk(start, len(prepared.text), first)


def _is_harmless(statement: Statement) -> bool:
    """Whether it is a line that pg_dump writes to protect psql from the file, and that can be left
    out."""
    return statement.is_meta_command and statement.word in _HARMLESS_META_COMMANDS


def _problems(
    script: Script, found: Sequence[Statement], directives: Directives
) -> Iterator[SourceError]:
    for statement in found:
        try:
            _refuse(script, statement, directives)
        except SourceError as error:
            yield error
    if directives.until_no_rows:
        yield from round_problems(script, found)


def _refuse(script: Script, statement: Statement, directives: Directives) -> None:
    if statement.is_meta_command:
        raise SourceError(
            f"{statement.word} is a command of psql, not SQL",
            location=Location.at(script.path, script.text, statement.start),
            remedy=_META_REMEDIES.get(statement.word, "Remove it, or write what it does in SQL."),
        )
    if statement.word in _TRANSACTION_WORDS:
        _refuse_transaction_control(script, statement, directives)
    if statement.word == "set":
        _refuse_another_reading(script, statement)
    if directives.transactional and runs_only_outside(script.text, statement):
        raise SourceError(
            "this statement cannot run inside a transaction",
            location=Location.at(script.path, script.text, statement.start),
            remedy=OUTSIDE_REMEDY,
        )


def _refuse_transaction_control(
    script: Script, statement: Statement, directives: Directives
) -> None:
    words = leading_words(script.text, statement, 3)
    if words[0] == "prepare" and words[1:2] != ("transaction",):
        return
    if words[0] == "rollback" and "to" in words[1:]:
        return
    word, location = words[0].upper(), Location.at(script.path, script.text, statement.start)
    if not directives.transactional:
        raise SourceError(
            f"{word} in a file whose statements run one by one",
            location=location,
            remedy="Remove it, or put what belongs together into a transactional file.",
        )
    if words[0] in ("begin", "start"):
        raise SourceError(
            f"{word} opens a transaction, and sqlmig keeps one for this file already",
            location=location,
            remedy="Remove it, and the COMMIT that belongs to it: the whole file commits together, "
            "with its record. What must commit by itself goes into a migration of its own.",
        )
    raise SourceError(
        f"{word} would end the transaction that sqlmig keeps for this file",
        location=location,
        remedy="Remove it: the file and its record commit together. What must run outside a "
        "transaction goes into a file of its own with `-- transactional: false`.",
    )


def _refuse_another_reading(script: Script, statement: Statement) -> None:
    words = [
        word.strip("\"'").lower()
        for word in leading_words(script.text, statement, 5)
        if word not in ("set", "session", "local", "=", "to")
    ]
    setting, value = (*words, "", "")[:2]
    if setting in _READING and value not in _READING[setting]:
        raise SourceError(
            f"{setting} must stay {_READING[setting][0]}",
            location=Location.at(script.path, script.text, statement.start),
            remedy="Remove this line: files are UTF-8, and backslashes are for E'…' strings.",
        )


def _blanked(text: str, blanks: Iterable[Statement]) -> str:
    """The text with those statements, and their semicolons, replaced by spaces; line ends stay."""
    parts, position = [], 0
    for statement in blanks:
        hidden = "".join(c if c in "\r\n" else " " for c in text[statement.start : statement.stop])
        parts += [text[position : statement.start], hidden]
        position = statement.stop
    return "".join((*parts, text[position:]))
