"""The file of the document: current, out of date, edited by hand, or something else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sqlmig.document.file import DocumentState, SchemaDocument, with_digest
from sqlmig.errors import ConfigError

OLD, NEW = (SchemaDocument(with_digest(f"# Schema\n\n{text}\n")) for text in ("old", "new"))
some = pytest.mark.parametrize


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "docs/schema.md"


def test_it_is_written_with_the_folders_above_and_then_current(path: Path) -> None:
    assert NEW.compare(path).state is DocumentState.MISSING
    assert NEW.write(path).state is DocumentState.MISSING
    assert path.read_text() == NEW.text
    assert NEW.compare(path).is_current
    assert NEW.compare(path).difference == ""


def test_what_is_current_is_not_written_again(path: Path) -> None:
    NEW.write(path)
    path.chmod(0o444)
    before = path.stat().st_mtime_ns
    assert NEW.write(path).is_current
    assert path.stat().st_mtime_ns == before


def test_a_file_that_is_out_of_date_says_how_and_is_written_again(path: Path) -> None:
    OLD.write(path)
    found = NEW.compare(path)
    assert found.state is DocumentState.STALE
    assert found.difference.splitlines()[-2:] == ["-old", "+new"]
    NEW.write(path)
    assert NEW.compare(path).is_current


EDITS = [
    lambda text: text.replace("old", "old, by hand"),
    lambda text: text + "more\n",
    lambda text: text.removesuffix("\n"),
    lambda text: "\n" + text,
    lambda text: f"# Ours\n\n{text}",
    lambda text: text.replace("sha256:", "sha256:0"),
    lambda text: f"<<<<<<< HEAD\n{text}=======\n{NEW.text}>>>>>>> branch\n",
]


@some("edit", EDITS)
@some("document", [OLD, NEW])
def test_an_edit_is_told_from_a_file_that_is_out_of_date(path: Path, edit, document) -> None:  # type: ignore[no-untyped-def]
    OLD.write(path)
    path.write_text(edit(OLD.text))
    assert document.compare(path).state is DocumentState.EDITED
    assert document.write(path).state is DocumentState.EDITED
    assert path.read_text() == document.text


def test_line_ends_and_a_byte_order_mark_make_no_difference(path: Path) -> None:
    OLD.write(path)
    path.write_bytes(b"\xef\xbb\xbf" + OLD.text.replace("\n", "\r\n").encode())
    assert OLD.compare(path).is_current
    assert NEW.compare(path).state is DocumentState.STALE


QUOTED = f"# Our guide\n\nThe file begins so:\n\n```\n{OLD.text.splitlines()[0]}\n```\n\nMore.\n"


@some("content", [b"# Our schema\n", b"\xff\xfe", b"<!-- sqlmig schema -->\n", QUOTED.encode()])
def test_what_sqlmig_did_not_write_is_never_overwritten(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    assert NEW.compare(path).state is DocumentState.FOREIGN
    with pytest.raises(ConfigError, match="was not written by `sqlmig schema`"):
        NEW.write(path)
    assert path.read_bytes() == content


def test_an_empty_file_can_be_written(path: Path) -> None:
    path.parent.mkdir()
    path.touch()
    assert NEW.write(path).state is DocumentState.STALE
    assert NEW.compare(path).is_current


def test_what_is_no_file_is_refused(path: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is not a file"):
        NEW.write(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ConfigError, match="is not a file"):
        NEW.compare(tmp_path / "pipe")
    path.parent.write_text("")
    with pytest.raises(ConfigError, match="cannot be read: Not a directory"):
        NEW.write(path)
