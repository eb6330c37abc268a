"""A home with the process that runs its commands, and what must be true of it after every fault."""

import hashlib
import json
import os
import select
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil

from components.progress import EVENTS_VARIABLE
from components.pusher import versions
from pipeline.home import Home
from pipeline.runner.events import read_events

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
ANSWER_SECONDS = 240
COMPLETE, NEW, RUNNING, CANCELED = 3, 1, 2, 6
SMALL = ("small", "other")
NODES = ("Make", "Left", "Right", "Train", "Check", "Pusher")


def until(condition: Callable[[], Any], seconds: float = 60.0) -> Any:
    """Waits for something to be true and returns it."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.01)
    return value


class Vehicle:
    """The process of `vehicle.py`, in a mount namespace of its own where that is allowed.

    Args:
        data: The TFRecords of the small tasks.
    """

    def __init__(self, data: Path) -> None:
        tried = subprocess.run(["unshare", "--mount", "true"], check=False, capture_output=True)
        self.may_mount = tried.returncode == 0
        command = [sys.executable, str(HERE / "vehicle.py"), str(data)]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("SLIPWAY_")}
        self._process = subprocess.Popen(
            [*(["unshare", "--mount"] if self.may_mount else []), *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**environment, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "1"},
        )
        self._read()

    @property
    def root(self) -> Path:
        """Where the files of its namespace are seen from this process."""
        return Path(f"/proc/{self._process.pid}/root")

    def ask(self, do: str, **values: Any) -> dict[str, Any]:
        """Sends a request and returns the answer."""
        assert self._process.stdin
        self._process.stdin.write(json.dumps({"do": do, **values}) + "\n")
        self._process.stdin.flush()
        return self._read()

    def stop(self) -> None:
        """Ends it with the commands that it has forked."""
        for process in [*_children(self._process.pid), self._process]:
            process.kill()
        self._process.wait()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout
        answered, _, _ = select.select([self._process.stdout], [], [], ANSWER_SECONDS)
        if not answered:
            # It would give the next one who asks the answer to this.
            self.stop()
        line = self._process.stdout.readline()
        assert line, "the vehicle has come to its end"
        return dict(json.loads(line))


class CommandLine:
    """Has commands run by interpreters of their own, as a person does."""

    may_mount = False
    root = Path("/")

    def __init__(self) -> None:
        self._running: dict[int, subprocess.Popen[bytes]] = {}

    def ask(self, do: str, **values: Any) -> dict[str, Any]:
        """Starts a command, or waits for one."""
        if do == "wait":
            return {"code": self._running.pop(values["pid"]).wait()}
        with Path(values["output"]).open("wb") as output:
            command = [sys.executable, "-m", "pipeline.cli", *values["arguments"]]
            process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, cwd=ROOT)
        self._running[process.pid] = process
        return {"pid": process.pid}


class Command:
    """A `slipway` command that is running.

    Args:
        vehicle: Where it was forked.
        pid: Its process.
        output: Where it prints to.
        earlier: The names of the runs before it.
    """

    def __init__(self, vehicle: Vehicle | CommandLine, pid: int, output: Path, earlier: frozenset[str]) -> None:
        self.earlier = earlier
        self._vehicle, self.pid, self._output = vehicle, pid, output
        self._code: int | None = None

    def wait(self) -> int:
        """Returns the exit code, negative for a signal."""
        if self._code is None:
            self._code = int(self._vehicle.ask("wait", pid=self.pid)["code"])
        return self._code

    def signal(self, number: int) -> None:
        """Sends a signal to the watching process."""
        os.kill(self.pid, number)

    @property
    def alive(self) -> bool:
        """Whether it has not come to its end."""
        return psutil.Process(self.pid).status() != psutil.STATUS_ZOMBIE

    @property
    def text(self) -> str:
        """What it has printed."""
        return self._output.read_text()

    @property
    def workers(self) -> list[psutil.Process]:
        """The worker, once it has started; the guard beside it is a shell."""
        return [process for process in _children(self.pid) if process.name() != "sh"]

    @property
    def nodes(self) -> list[psutil.Process]:
        """The processes that the worker has forked."""
        return [child for worker in self.workers for child in _children(worker.pid)]


def _children(pid: int) -> list[psutil.Process]:
    try:
        found = psutil.Process(pid).children()
        return [process for process in found if process.status() != psutil.STATUS_ZOMBIE]
    except psutil.NoSuchProcess:
        return []


class World:
    """A folder with a home in it.

    Args:
        folder: The folder, empty.
        vehicle: What runs its commands.

    Attributes:
        seconds: How long a run takes that nothing disturbs.
    """

    def __init__(self, folder: Path, vehicle: Vehicle | CommandLine) -> None:
        self.folder, self.vehicle = folder, vehicle
        self.seconds = 3.0
        self._numbers = iter(range(10**6))

    @property
    def seen(self) -> Path:
        """The folder from this process, whatever was mounted on it."""
        return self.vehicle.root / self.folder.relative_to("/")

    @property
    def home(self) -> Home:
        """Its home, seen from this process."""
        return Home.at(self.seen / "home")

    def start(self, *arguments: str, change: str | None = None) -> Command:
        """Starts a `slipway` command on the home."""
        name = f"output-{next(self._numbers)}.txt"
        given = [*arguments, "--home", str(self.folder / "home")]
        earlier = frozenset(path.name for path in self.home.runs.glob("*"))
        told = self.vehicle.ask("fork", arguments=given, output=str(self.folder / name), change=change)
        return Command(self.vehicle, told["pid"], self.seen / name, earlier)

    def run(self, seed: int, task: str = "small", *more: str, change: str | None = None) -> Command:
        """Starts a run; one with another seed makes everything again."""
        return self.start("run", task, "--quiet", "--set", f"training.seed={seed}", *more, change=change)

    def set_trap(self, node: str, do: str) -> None:
        """Says what a node does when it comes to its executor."""
        (self.seen / "trap.json").write_text(json.dumps({"node": node, "do": do}))

    def paused(self) -> None:
        """Waits until a node is in its trap."""
        until((self.seen / "paused").exists)

    def release(self) -> None:
        """Lets it go, and removes the trap."""
        (self.seen / "go").touch()
        (self.seen / "trap.json").unlink(missing_ok=True)

    def reset_trap(self) -> None:
        """Removes all traces of a trap."""
        for name in ("trap.json", "paused", "go"):
            (self.seen / name).unlink(missing_ok=True)

    def versions(self, task: str = "small") -> list[int]:
        """What is served."""
        return versions.numbers(self.home.serving(task))

    def states(self, task: str = "small", run_id: str | None = None) -> list[int]:
        """The states of the executions of a task, or of one of its runs, as ML Metadata has them."""
        chosen = ("pipeline_run", run_id) if run_id else ("pipeline", task)
        query = (
            "select e.last_known_state from Execution e join Association a on a.execution_id = e.id "
            "join Context c on c.id = a.context_id join Type t on t.id = c.type_id where t.name = ? and c.name = ?"
        )
        return [state for (state,) in self._query(query, *chosen)]

    def latest_run(self) -> Path:
        """The folder of the run that was started last."""
        return max(path for path in self.home.runs.iterdir() if path.is_dir())

    def events(self, run: Path | None = None) -> list[dict[str, Any]]:
        """The events of a run, or of the latest one."""
        return read_events((run or self.latest_run()) / "events.jsonl")

    def processes(self) -> list[int]:
        """The processes that belong to runs of the home: by the variable, or by a file that they hold open."""
        return [process.pid for process in psutil.process_iter() if self._is_of_here(process)]

    def _is_of_here(self, process: psutil.Process) -> bool:
        try:
            if process.pid == os.getpid() or process.status() == psutil.STATUS_ZOMBIE:
                return False
            here = str(self.folder) + os.sep
            variable = process.environ().get(EVENTS_VARIABLE, "")
            return variable.startswith(here) or any(path.startswith(here) for path in _open(process.pid))
        except (psutil.Error, OSError):
            return False

    def check(self, task: str = "small") -> None:
        """Asserts what is true when no run is going on and the last one came to a good end."""
        until(lambda: not self.processes(), 10)
        for command in (["runs"], ["show", self.latest_run().name]):
            shown = self.start(*command)
            assert shown.wait() == 0, shown.text
        assert self._query("pragma integrity_check") == [("ok",)]
        assert [state for state in self.states(task) if state in (NEW, RUNNING)] == []
        assert self.leftovers(task) == []
        for run in (path for path in self.home.runs.iterdir() if path.is_dir()):
            events = self.events(run)
            assert not events or events[-1]["event"] == "run_finished", run.name
        for number in self.versions(task) if task in SMALL else []:
            assert_whole(self.home.serving(task) / str(number))

    def leftovers(self, task: str = "small") -> list[str]:
        """What a run that was killed has left on the disk."""
        root, artifacts = self.home.root, self.home.pipelines(task)
        patterns = ("runs/*/tmp", "**/*.part", f"serving/{task}/.unfinished-*", "home.json.*")
        found = [path for pattern in patterns for path in root.glob(pattern)]
        found += [path for path in artifacts.glob("*/.system/*/*") if path.is_dir()]
        complete = {str(number) for (number,) in self._query("select id from Execution where last_known_state = 3")}
        outputs = (path for path in artifacts.glob("*/*/*") if path.name.isdecimal())
        # What a NaN was found in is kept, to be looked at.
        found += [path for path in outputs if path.name not in complete and path.parent.name != "nonfinite"]
        return [str(path.relative_to(root)) for path in found]

    def _query(self, query: str, *values: str) -> list[tuple[Any, ...]]:
        # SQLite would follow the path out of the namespace.
        connection = sqlite3.connect(":memory:")
        try:
            connection.deserialize(self.home.metadata_db.read_bytes())
            return connection.execute(query, values).fetchall()
        finally:
            connection.close()


def _open(pid: int) -> Iterator[str]:
    for link in Path(f"/proc/{pid}/fd").iterdir():
        try:
            yield str(link.readlink())
        except OSError:
            continue


def assert_whole(version: Path) -> None:
    """Asserts that each file of a version of the small pipeline is what was written."""
    digest = hashlib.sha256()
    parts = sorted(version.glob("part-*"))
    for path in parts:
        digest.update(path.name.encode() + path.read_bytes())
    assert (version / "digest").read_text() == digest.hexdigest(), version.name


class Reader:
    """A server in small: reads all versions over and over, as a context manager.

    Args:
        folder: Their folder, which has one at least.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._done = folder, threading.Event()
        self._thread = threading.Thread(target=self._loop)
        self.reads, self.faults = 0, list[str]()

    def __enter__(self) -> "Reader":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _loop(self) -> None:
        while not self._done.wait(0.02):
            found = versions.numbers(self._folder)
            if not found:
                self.faults.append("nothing is served")
            for number in found:
                self._read(self._folder / str(number))

    def _read(self, version: Path) -> None:
        try:
            assert_whole(version)
            self.reads += 1
        except (OSError, AssertionError) as error:
            # One that is removed while it is read goes as a whole.
            if version.exists():
                self.faults.append(repr(error))
