"""Everything that is wrong in one file, as far as the file can be read."""

from __future__ import annotations

from importlib.resources.abc import Traversable

from sqlmig.errors import DirectiveError, SourceError
from sqlmig.model import Directives, Script, ScriptFile
from sqlmig.source.directives import FileKind
from sqlmig.source.files import read_file, read_script
from sqlmig.source.folders import single
from sqlmig.source.script import prepare


def problems(path: Traversable, kind: FileKind) -> tuple[SourceError, ...]:
    """The errors in the head of the file and in its statements; none if it can be used."""
    try:
        file = read_file(path, kind)
    except SourceError as error:
        found = single(error)
        is_of_the_head = all(isinstance(each, DirectiveError) for each in found)
        return found + (_problems_with_any_head(read_script(path)) if is_of_the_head else ())
    return statement_problems(file)


def statement_problems(file: ScriptFile) -> tuple[SourceError, ...]:
    """The errors in the statements of a file whose head has been read."""
    return _of_statements(file.script, file.directives)


def _problems_with_any_head(script: Script) -> tuple[SourceError, ...]:
    """The errors that would also occur with other directives."""
    outside = _of_statements(script, Directives(transactional=False))
    places = {error.location for error in outside}
    inside = _of_statements(script, Directives())
    return tuple(error for error in inside if error.location in places)


def _of_statements(script: Script, directives: Directives) -> tuple[SourceError, ...]:
    try:
        prepare(script, directives)
    except SourceError as error:
        return single(error)
    return ()
