"""Reads the variables of a `.env` file, which developers keep in the project."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

from sqlmig.errors import ConfigError

# A file in a folder must not weaken the guards of a database; only a variable that is set may.
IGNORED = "SQLMIG_ENV"


def read_env_file(path: Path) -> Mapping[str, str]:
    """The variables of that file; none if there is no such file.

    The format is python-dotenv's: `NAME=value` lines, `export`, quotes, comments, `${NAME}`.
    Raises ConfigError for a file that cannot be read, and for a line that is not of this format.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return {}
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: not UTF-8", remedy="Save that file as UTF-8.") from None
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}", remedy="Make that file readable.") from error
    return _variables(path, text)


def _variables(path: Path, text: str) -> Mapping[str, str]:
    import dotenv  # noqa: PLC0415  # most projects have no such file
    import dotenv.parser  # noqa: PLC0415

    for line in dotenv.parser.parse_stream(io.StringIO(text)):
        if line.error:
            raise ConfigError(
                f"{path}:{line.original.line}: not a variable",
                remedy="Write NAME=value, with quotes around a value that has blanks or #.",
            )
    found = dotenv.dotenv_values(stream=io.StringIO(text))
    return {name: value for name, value in found.items() if value is not None}
