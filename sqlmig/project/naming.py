"""The names of a new migration: its file name, its description, its sentence."""

from __future__ import annotations

import re
import unicodedata

from sqlmig.errors import ChangelogError, SourceError
from sqlmig.source.directives import FileKind
from sqlmig.source.foreign import refuse_foreign
from sqlmig.source.head import read_head

_LONGEST_SLUG = 60
_SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
# Would be read as part of the number before it.
_NUMBER = re.compile(r"\d+(?![A-Za-z0-9])")


def slug_of(description: str, given: str | None) -> str:
    """The name of a file without its number: the one given, or the letters of the description
    without accents. Raises ChangelogError if that is not a valid name."""
    slug = _plain(description) if given is None else given
    if not _SLUG.fullmatch(slug):
        raise ChangelogError(
            f"cannot make a file name from {slug or description!r}",
            remedy="Give one of letters from a to z, digits and _: --slug add_invoices.",
        )
    if _NUMBER.match(slug):
        raise ChangelogError(
            f"{slug!r} begins with a number, which would count as part of the migration's number",
            remedy="Name the file differently: --slug.",
        )
    return slug


def sentence(text: str) -> str:
    """The text as one line of words that begins with a capital letter; an identifier becomes
    words."""
    words = text if any(map(str.isspace, text.strip())) else text.replace("_", " ")
    line = "".join(each if each.isprintable() else " " for each in words)
    line = " ".join(line.split())
    return line[:1].upper() + line[1:]


def described(text: str) -> str:
    """The comment that describes a migration, in quotes if it would be read as a directive."""
    comment = sentence(text).lstrip("- ")
    return comment if _describes(comment) else f'"{comment}"'


def _describes(comment: str) -> bool:
    text = f"-- {comment}\nSELECT 1;\n"
    try:
        refuse_foreign("", text, FileKind.MIGRATION)
        _, description = read_head("", text, FileKind.MIGRATION)
    except SourceError:
        return False
    return description == comment


def _plain(description: str) -> str:
    """The description in lower case without accents, with _ for everything else."""
    decomposed = unicodedata.normalize("NFKD", description).lower()
    letters = "".join(each for each in decomposed if not unicodedata.combining(each))
    beyond = [each for each in letters if each.isalnum() and not each.isascii()]
    if beyond:
        raise ChangelogError(
            f"cannot make a file name from {description!r}: {beyond[0]!r} is not a letter from a "
            "to z with an accent",
            remedy="Name the file: --slug add_invoices. The description stays as it is.",
        )
    slug = re.sub(r"[^a-z0-9]+", "_", letters).strip("_")
    return slug[:_LONGEST_SLUG].rstrip("_")
