"""One fault each: the store stays readable, the last good model is served, and the next run succeeds."""

import shutil
import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from world import CANCELED, COMPLETE, NODES, Command, Reader, World

pytestmark = pytest.mark.slow

Fault = Callable[[str], None]


@pytest.fixture(scope="module")
def seeds() -> Iterator[int]:
    return iter(range(1, 10**6))


@pytest.fixture
def survived(world: World, seeds: Iterator[int]) -> Iterator[int]:
    """Gives a test a seed to run with; afterwards that run succeeds."""
    yield from _survived(world, next(seeds))


def _survived(world: World, seed: int) -> Iterator[int]:
    world.reset_trap()
    served = world.versions()[-1]
    with Reader(world.home.serving("small")) as reader:
        yield seed
        world.reset_trap()
        assert world.versions()[-1] == served
        next_run = world.run(seed)
        assert next_run.wait() == 0, next_run.text
        assert world.versions()[-1] > served
        world.check()
    assert reader.faults == []
    assert reader.reads


def stopped_at(world: World, seed: int, node: str, do: str = "pause", *more: str) -> Command:
    """Starts a run and returns it once a node is in its executor."""
    world.set_trap(node, do)
    command = world.run(seed, "small", *more)
    world.paused()
    return command


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("node", ["Train", "Pusher"])
def test_one_signal_cancels(world: World, survived: int, fault: Fault, number: int, node: str) -> None:
    fault(signal.Signals(number).name)
    command = stopped_at(world, survived, node)
    command.signal(number)
    assert command.wait() == 130, command.text
    states = world.states(run_id=world.latest_run().name)
    assert states[-1] == CANCELED
    assert set(states[:-1]) == {COMPLETE}
    assert world.events()[-1]["outcome"] == "interrupted"
    assert world.processes() == []
    assert world.leftovers() == []


def test_two_signals_end_it_at_once(world: World, survived: int, fault: Fault) -> None:
    fault("SIGINT twice")
    command = stopped_at(world, survived, "Train", "ignore")
    command.signal(signal.SIGINT)
    time.sleep(0.5)
    assert command.alive
    command.signal(signal.SIGINT)
    begin = time.monotonic()
    assert command.wait() == 130, command.text
    assert time.monotonic() - begin < 5
    assert world.states(run_id=world.latest_run().name)[-1] == CANCELED
    assert world.processes() == []


@pytest.mark.parametrize(
    ("node", "do", "limit", "words"),
    [
        ("Train", "leak", '{"memory_mib": 64}', "MemoryError"),
        ("Pusher", "leak", '{"memory_mib": 64}', "MemoryError"),
        ("Left", "hang", '{"timeout_s": 1}', "no end after 1 s"),
        ("Pusher", "hang", '{"timeout_s": 1}', "no end after 1 s"),
    ],
)
def test_a_node_over_its_limit_fails_alone(
    world: World, survived: int, fault: Fault, node: str, do: str, limit: str, words: str
) -> None:
    fault(f"a node that {do}s")
    world.set_trap(node, do)
    command = world.run(survived, "small", "--set", f'runner.nodes={{"{node}": {limit}}}')
    assert command.wait() == 1
    assert words in command.text
    assert len(command.text.splitlines()) == 1
    ended = {event["node"]: event["state"] for event in world.events() if event["event"] == "node_finished"}
    assert ended[node] == "failed"
    if node == "Left":
        assert (ended["Right"], ended["Train"]) == ("complete", "skipped")


DAMAGE: dict[str, Callable[[Path], None]] = {
    "deleted": shutil.rmtree,
    "a file deleted": lambda folder: next(folder.rglob("part-3")).unlink(),
    "truncated": lambda folder: next(folder.rglob("part-3")).write_bytes(b"short"),
    "changed": lambda folder: next(folder.rglob("part-3")).write_bytes(bytes(20_000)),
}


@pytest.mark.parametrize("damage", list(DAMAGE))
@pytest.mark.parametrize(("made_by", "paused"), [("Make", "Left"), ("Train", "Check")])
def test_an_artifact_damaged_between_nodes_is_not_used(
    world: World, survived: int, fault: Fault, made_by: str, paused: str, damage: str
) -> None:
    """The node that is paused has its input already; the one after it must not take a damaged one."""
    fault("artifact damaged")
    command = stopped_at(world, survived, paused, "pause", "--jobs", "1")
    [key] = [path for path in (world.home.pipelines("small") / made_by).iterdir() if not path.name.startswith(".")]
    DAMAGE[damage](max(key.iterdir(), key=lambda path: int(path.name)))
    world.release()
    assert command.wait() == 1, command.text


def test_a_store_that_another_process_locks_is_waited_for(world: World, seeds: Iterator[int], fault: Fault) -> None:
    fault("SQLite locked for 30 s")
    with closing(sqlite3.connect(world.home.metadata_db, isolation_level=None, check_same_thread=False)) as other:
        other.execute("begin exclusive")
        threading.Timer(30, lambda: other.execute("rollback")).start()
        begin = time.monotonic()
        command = world.run(next(seeds))
        assert command.wait() == 0, command.text
        assert time.monotonic() - begin > 30
    world.check()


def test_versions_increase_when_the_clock_jumps_back(world: World, seeds: Iterator[int], fault: Fault) -> None:
    fault("clock jumps back a day")
    served = world.versions()[-1]
    command = world.run(next(seeds), change="clock_a_day_back")
    assert command.wait() == 0, command.text
    assert world.versions()[-1] == served + 1
    assert world.run(next(seeds)).wait() == 0
    assert world.versions()[-1] > served + 1
    world.check()


def test_of_two_runs_of_a_task_one_is_refused(world: World, seeds: Iterator[int], fault: Fault) -> None:
    fault("two runs at once, one task")
    world.reset_trap()
    first = stopped_at(world, next(seeds), "Make")
    runs = {path.name for path in world.home.runs.iterdir()}
    second = world.run(next(seeds))
    assert second.wait() == 2
    assert "A task runs once at a time in a home" in second.text
    assert {path.name for path in world.home.runs.iterdir()} == runs
    world.release()
    assert first.wait() == 0, first.text
    world.check()
    world.reset_trap()


def test_two_tasks_share_a_home_and_lose_no_event(world: World, seeds: Iterator[int], fault: Fault) -> None:
    for _ in range(3):
        fault("two runs at once, two tasks")
        seed = next(seeds)
        both = {task: world.run(seed, task) for task in ("small", "other")}
        for task, command in both.items():
            assert command.wait() == 0, command.text
            run = max(path for path in world.home.runs.glob(f"*-{task}"))
            told = [(event["event"], event.get("node")) for event in world.events(run)]
            for node in NODES:
                assert told.count(("node_started", node)) == told.count(("node_finished", node)) == 1
            assert world.states(run_id=run.name) == [COMPLETE] * len(NODES)
        world.check("small")
        world.check("other")


@pytest.fixture(scope="module")
def small_disk(tmp_path_factory: pytest.TempPathFactory, world: World) -> Iterator[World]:
    """A home on a disk of 16 MiB."""
    if not world.vehicle.may_mount:
        pytest.skip("mounting a small disk needs root")
    folder = tmp_path_factory.mktemp("disk")
    mounted = world.vehicle.ask("shell", line=f"mount -t tmpfs -o size=16m tmpfs {folder}")
    if mounted["code"]:
        pytest.skip(f"no tmpfs here: {mounted['output']}")
    made = World(folder, world.vehicle)
    assert made.run(0).wait() == 0
    yield made
    world.vehicle.ask("shell", line=f"umount {folder}")


@pytest.mark.parametrize("node", NODES)
def test_a_disk_that_is_full(small_disk: World, seeds: Iterator[int], fault: Fault, node: str) -> None:
    for outcome in _survived(small_disk, next(seeds)):
        fault("full disk")
        command = stopped_at(small_disk, outcome, node)
        ballast = small_disk.seen / "ballast"
        fill(ballast)
        small_disk.release()
        code = command.wait()
        ballast.unlink()
        assert code == 1, command.text


def fill(ballast: Path) -> None:
    """Takes all the room that is left."""
    with ballast.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue


def test_a_home_that_is_read_only(world: World, survived: int, fault: Fault) -> None:
    if not world.vehicle.may_mount:
        pytest.skip("mounting something read-only needs root")
    fault("read-only home")
    home = world.folder / "home"
    try:
        mounted = world.vehicle.ask("shell", line=f"mount --bind {home} {home} && mount -o remount,bind,ro {home}")
        if mounted["code"]:
            pytest.skip(f"no bind mounts here: {mounted['output']}")
        command = world.run(survived)
        assert command.wait() == 2
        assert "must be writable" in command.text
        for shown in (world.start("runs"), world.start("show", world.latest_run().name)):
            assert shown.wait() == 0, shown.text
    finally:
        world.vehicle.ask("shell", line=f"umount {home}")
