"""The process that nodes are forked from has run nothing: fork copies no thread, and locks that threads hold stay."""

import subprocess
import sys

import pytest

CODE = """
import os, sys, threading
from pathlib import Path
from pipeline.runner import warm
warm.imports()
from tensorflow.python.eager import context
names = sorted(Path(task, "comm").read_text().strip() for task in Path("/proc/self/task").iterdir())
# Two of OpenBLAS's (NumPy's and SciPy's) at most for each core, and one of the jemalloc in Arrow: these handle a fork.
others = [name for name in names if name not in ("python", "python3", "jemalloc_bg_thd", Path(sys.executable).name)]
print(len(threading.enumerate()), context.context()._context_handle, others)
"""


@pytest.mark.slow
def test_after_the_imports_nothing_runs():
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.splitlines()[-1] == "1 None []"
