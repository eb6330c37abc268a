"""Two workers of a cluster on this machine, each a process: `run` starts them, `main` is what one does.

python -m tests.components.trainer.two_workers FILE runs the trainings that the JSON file lists, one after the other:
the arguments of each, and the epoch, if any, in which the second worker is killed.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from components.trainer import cluster
from components.trainer.cluster import VARIABLE

ROOT = Path(__file__).parents[3]
SECONDS = 400


def run(folder: Path, trainings: list[dict[str, Any]]) -> list[subprocess.CompletedProcess]:
    """Runs trainings on two workers and returns how the processes ended; none is left behind."""
    folder = Path(tempfile.mkdtemp(dir=folder))
    file = folder / "trainings.json"
    file.write_text(json.dumps(trainings))
    addresses = [f"127.0.0.1:{port}" for port in _free_ports(2)]
    command = [sys.executable, "-m", "tests.components.trainer.two_workers", str(file)]
    processes = []
    with ExitStack() as stack:
        for index in range(2):
            task = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
            log = stack.enter_context((folder / f"worker-{index}.log").open("w"))
            environment = {**os.environ, VARIABLE: json.dumps(task)}
            processes.append(subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log))
        try:
            codes = [process.wait(SECONDS) for process in processes]
        finally:
            for process in processes:
                process.kill()
                process.wait()
    return [
        subprocess.CompletedProcess(command, code, stderr=(folder / f"worker-{index}.log").read_text())
        for index, code in enumerate(codes)
    ]


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def main(file: str) -> None:
    import keras

    from components.trainer import callbacks
    from components.trainer.run_fn import run_fn

    create = callbacks.create

    class Kill(keras.callbacks.Callback):
        def __init__(self, epoch: int) -> None:
            super().__init__()
            self._epoch, self._reached = epoch, False

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            self._reached = epoch == self._epoch

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            if self._reached and batch >= 4:
                os.kill(os.getpid(), signal.SIGKILL)

    second = not cluster.from_environment().is_chief
    for training in json.loads(Path(file).read_text()):
        epoch = training.pop("killed_in", None)
        extra = [Kill(epoch)] if second and epoch is not None else []
        callbacks.create = lambda *args, extra=extra: [*create(*args), *extra]
        run_fn(SimpleNamespace(**training))


if __name__ == "__main__":
    main(*sys.argv[1:])
