"""Runs a command and writes its seconds of elapsed and of processor time, peak memory in bytes and
exit code as JSON to a file.

It is a separate, small program, because a process inherits the peak of the one that starts it.
Usage: launcher.py REPORT SECONDS COMMAND…; after that many seconds the command is killed, and no
report is written.
"""

from __future__ import annotations

import json
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

_KILOBYTE = 1 if sys.platform == "darwin" else 1024  # getrusage(2)


def main(report: str, seconds: str, *command: str) -> None:
    """Runs the command; its output goes where this program's goes."""
    signal.signal(signal.SIGALRM, _give_up)
    signal.setitimer(signal.ITIMER_REAL, float(seconds))
    started = time.perf_counter()
    with subprocess.Popen(command) as process:
        try:
            process.wait()  # with a time limit, it would only check every 50 ms
        except TimeoutError:
            process.kill()
            return  # no report
    took = time.perf_counter() - started
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    figures = {
        "seconds": took,
        "processor_seconds": used.ru_utime + used.ru_stime,
        "peak_bytes": used.ru_maxrss * _KILOBYTE,
        "exit_code": process.returncode,
    }
    Path(report).write_text(json.dumps(figures))


def _give_up(*_: object) -> None:
    raise TimeoutError


if __name__ == "__main__":
    main(*sys.argv[1:])
