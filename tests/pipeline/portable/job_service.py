"""Beam's own job service on loopback, which starts a process for the worker of each job."""

import contextlib
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[3]
WORKER = f"{shlex.quote(sys.executable)} -m apache_beam.runners.worker.sdk_worker_main"
SUBPROCESS = "beam:env:harness_subprocess_python:v1"


class JobService:
    """A running job service.

    Args:
        port: Where it listens.
        session: The session of its processes.
        log: What it and its workers have said.
    """

    def __init__(self, port: int, session: int, log: Path) -> None:
        self.port, self.session, self.log = port, session, log

    @property
    def beam_args(self) -> list[str]:
        """The options that send a job here."""
        return [
            "--runner=PortableRunner",
            f"--job_endpoint=localhost:{self.port}",
            f"--environment_type={SUBPROCESS}",
            f"--environment_config={WORKER}",
            "--sdk_container_image=unused",
        ]

    def processes(self) -> list[int]:
        """Returns its processes and those of its workers."""
        return [pid for pid in psutil.pids() if _session(pid) == self.session]


def _session(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except ProcessLookupError:
        return None


@contextlib.contextmanager
def job_service(folder: Path) -> Iterator[JobService]:
    """Runs a job service whose files are in a folder; at the end it is asked to stop, and nothing of it is left."""
    port_file, log = folder / "port", folder / "log.txt"
    command = ["-m", "apache_beam.runners.portability.local_job_service_main"]
    staging = ["--staging_dir", str(folder / "staging"), "--port_file", str(port_file)]
    (folder / "staging").mkdir()
    with log.open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, *command, *staging],
            cwd=ROOT,
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2", "TMPDIR": str(folder)},
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    service = JobService(0, process.pid, log)
    try:
        service.port = _port(port_file, process, log)
        yield service
        process.terminate()
        process.wait(30)
    finally:
        for pid in service.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait(30)


def _port(file: Path, process: "subprocess.Popen[bytes]", log: Path) -> int:
    deadline = time.monotonic() + 120
    while not file.exists():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, "the job service does not start"
        time.sleep(0.1)
    return int(file.read_text())
