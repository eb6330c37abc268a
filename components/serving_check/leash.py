"""Starts a command that ends with the process that wants it, however that ends: python leash.py PARENT COMMAND...

Becomes the command itself. Only the standard library is there, as the interpreter is started with `-I -S`.
"""

import ctypes
import os
import signal
import sys
from pathlib import Path

_PR_SET_PDEATHSIG = 1


def main(parent: int, command: list[str]) -> None:
    """Turns this process into a command that the kernel kills with its parent, and first when memory runs out."""
    if sys.platform == "linux":
        # Not `preexec_fn`: Python code between fork and exec can hang in a process with threads.
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        Path("/proc/self/oom_score_adj").write_text("1000")
    if os.getppid() == parent:
        os.execvp(command[0], command)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
