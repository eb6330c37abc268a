"""A process that imports TFX once, and forks a `slipway` command for every line that it reads.

    python vehicle.py DATA_FOLDER

What it forks differs from a command line in one thing: the worker is forked too instead of being a new interpreter, so
that a run takes seconds less. Guard, process group, lock, log, children and ML Metadata are those of every run. The
tasks `small` and `other` run the small pipeline; any other task is what it is.

Requests are JSON lines: `fork` (arguments of the command, file for its output, name of a change to make before) answers
with `pid`; `wait` (a pid) with `code`; `shell` (a command) with `code` and `output`.
"""

import dataclasses
import importlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import sabotage
import small_pipeline

from pipeline import cli, tasks
from pipeline.config import TaskConfig
from pipeline.runner import prepare, warm, worker, worker_process
from pipeline.tasks.taxi.data import prepare as prepare_taxi

SMALL = ("small", "other")


class ForkedWorker:
    """The part of `subprocess.Popen` that WorkerProcess uses, for a worker without an interpreter of its own."""

    def __init__(
        self, command: Sequence[str], stdin: int, stdout: Any, stderr: int, env: dict[str, str], process_group: int
    ) -> None:
        self.returncode: int | None = None
        self.pid = os.fork()
        if not self.pid:
            leave(lambda: self._work(Path(command[-1]), stdout.fileno(), env, process_group))

    def _work(self, folder: Path, output: int, env: dict[str, str], group: int) -> int:
        os.setpgid(0, group)
        redirect(output)
        # As with a new program: no lock of the watcher's, no pipe to its guard.
        os.closerange(3, 1024)
        os.environ.clear()
        os.environ.update(env)
        tempfile.tempdir = None
        return worker.main(folder)

    def poll(self) -> int | None:
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.returncode = os.waitstatus_to_exitcode(status) if pid else None
        return self.returncode

    def wait(self, timeout: float = 60.0) -> int:
        deadline = time.monotonic() + timeout
        while self.poll() is None:
            if time.monotonic() > deadline:
                raise subprocess.TimeoutExpired("worker", timeout)
            time.sleep(0.005)
        return self.returncode or 0


def popen(command: Sequence[str], **options: Any) -> Any:
    return (subprocess.Popen if command == worker_process.GUARD else ForkedWorker)(command, **options)


def redirect(output: int) -> None:
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for standard in (1, 2):
        os.dup2(output, standard)


def leave(work: Any) -> None:
    """Ends a forked process with what its work returns."""
    code = 1
    try:
        code = work()
    except BaseException:  # noqa: BLE001 (it must not return into the loop of the parent)
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def command(arguments: Sequence[str], output: str, change: str | None) -> int:
    redirect(os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644))
    os.closerange(3, 1024)
    if change:
        getattr(sabotage, change)()
    return cli.main(arguments)


def fork(arguments: Sequence[str], output: str, change: str | None = None) -> dict[str, int]:
    pid = os.fork()
    if not pid:
        leave(lambda: command(arguments, output, change))
    return {"pid": pid}


def wait(pid: int) -> dict[str, int]:
    return {"code": os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])}


def shell(line: str) -> dict[str, Any]:
    done = subprocess.run(line, shell=True, capture_output=True, text=True, check=False)
    return {"code": done.returncode, "output": done.stdout + done.stderr}


def replace_the_pipeline(data: str) -> None:
    """Lets the small tasks be found and run."""
    load, create = tasks.load, prepare.create_pipeline
    taxi = load("taxi")
    small = dataclasses.replace(taxi, data=dataclasses.replace(taxi.data, path=data, prepare=None))

    def small_or_real(task: TaskConfig, *places: Any, **options: Any) -> Any:
        return (small_pipeline.create_pipeline if task.name in SMALL else create)(task, *places, **options)

    tasks.load = lambda name: dataclasses.replace(small, name=name) if name in SMALL else load(name)
    prepare.create_pipeline = small_or_real
    worker_process.subprocess = SimpleNamespace(
        Popen=popen,
        PIPE=subprocess.PIPE,
        DEVNULL=subprocess.DEVNULL,
        STDOUT=subprocess.STDOUT,
        TimeoutExpired=subprocess.TimeoutExpired,
    )


def main() -> None:
    # Whoever runs the tests may ignore some, as nohup does, and that is inherited.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    warm.imports()
    for name in ("pipeline.runner.pipeline_run", *map(cli.module_of, ("run", "runs", "show"))):
        importlib.import_module(name)
    # In a child: what runs TensorFlow cannot be forked.
    writer = os.fork()
    if not writer:
        leave(lambda: len(prepare_taxi(sys.argv[1], rows=60, shards=1)) - 2)
    wait(writer)
    replace_the_pipeline(sys.argv[1])
    answers = {"fork": fork, "wait": wait, "shell": shell}
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        print(json.dumps(answers[request.pop("do")](**request)), flush=True)


if __name__ == "__main__":
    main()
