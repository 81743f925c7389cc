"""Runs a command that must not outlive this process's parent.

Started as a script with the command as its arguments: prints the command's process id on its
standard output, kills the command when its own standard input ends, exits when the command does.
The parent holds the other end of that input; however the parent dies, SIGKILL included, the
operating system closes it. Works the same on Linux and macOS, and needs only the standard library.
"""

import os
import signal
import subprocess
import sys
import threading


def main(command: list[str]) -> int:
    """Run ``command``, its output on our standard error. Returns its exit code."""
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=2, stderr=2)
    print(child.pid, flush=True)
    threading.Thread(target=_kill_at_end_of_input, args=(child.pid,), daemon=True).start()
    return abs(child.wait())


def _kill_at_end_of_input(pid: int) -> None:
    os.read(0, 1)
    os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
