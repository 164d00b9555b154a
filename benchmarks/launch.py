"""Runs one command and writes what it took as JSON: wall and processor seconds, peak memory, exit code.

A process of its own, and a small one: the kernel counts the launcher's memory into the peak of what it starts, until
that has replaced it. Usage: launch.py RESULT OUTPUT COMMAND [ARGUMENT ...]
"""

import json
import os
import sys
import time


def main() -> None:
    """Start the command with its output in a file, and wait for it."""
    result, output, *command = sys.argv[1:]
    descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    streams = [(os.POSIX_SPAWN_DUP2, descriptor, 1), (os.POSIX_SPAWN_DUP2, descriptor, 2)]
    start = time.perf_counter()
    process = os.posix_spawnp(command[0], command, os.environ, file_actions=streams)
    _, status, used = os.wait4(process, 0)
    wall = time.perf_counter() - start
    found = {
        "wall": wall,
        "cpu": used.ru_utime + used.ru_stime,
        "memory": used.ru_maxrss * (1 if sys.platform == "darwin" else 1024),
        "code": os.waitstatus_to_exitcode(status),
    }
    with open(result, "w", encoding="utf-8") as file:  # noqa: PTH123
        json.dump(found, file)


main()
