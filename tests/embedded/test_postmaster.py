"""What tells a server's process from others."""

import subprocess
from pathlib import Path

from sqlmig.embedded.postmaster import is_server

BECOMES_ITSELF_300_TIMES = (
    'n=$((${2:-0} + 1)); [ $n -lt 300 ] && exec /bin/sh -c "$0" "$0" "$1" $n; : > "$1/ending"'
)


def test_a_process_that_is_just_becoming_the_server_counts_as_it(tmp_path: Path) -> None:
    script = BECOMES_ITSELF_300_TIMES
    with subprocess.Popen(["/bin/sh", "-c", script, script, tmp_path], cwd="/") as process:
        while is_server(process.pid, tmp_path):
            pass
        was_ending = (tmp_path / "ending").exists()
    assert was_ending, "it was taken for a stranger while it lived"
