"""SIGKILL at random moments: of a node, of the worker, of the process that watches it, one to three runs in a row.

`FAULT_KILLS` says how many, `FAULT_TAXI_KILLS` how many of the taxi task from the real command line, `FAULT_SEED` which
moments.
"""

import os
import random
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress

import psutil
import pytest
from world import NODES, Command, CommandLine, Reader, World, until

pytestmark = pytest.mark.slow

KILLS, SEED = int(os.environ.get("FAULT_KILLS", "12")), int(os.environ.get("FAULT_SEED", "5"))
TAXI_KILLS = int(os.environ.get("FAULT_TAXI_KILLS", "1"))
AT_ONCE = 6
VICTIMS = ("node", "node", "worker", "runner")
TAXI_NODES = ("StatisticsGen", "Transform", "Trainer", "Evaluator", "ServingCheck", "Pusher")
LENIENT = ("--set", 'evaluation.thresholds={"AUC": {"lower": 0.1}}')

Fault = Callable[[str], None]


def node(command: Command, world: World, schedule: random.Random, nodes: Sequence[str]) -> int | None:
    """Kills a process of a node some time after the start of one, or what runs then; returns None if nothing does."""
    target, delay = schedule.choice(nodes), schedule.uniform(0.0, world.seconds / 6)
    until(lambda: not command.alive or _started(world, command, target), 120)
    time.sleep(delay)
    for process in command.nodes if command.alive else []:
        with suppress(psutil.NoSuchProcess):
            process.kill()
            return process.pid
    return None


def worker(command: Command, world: World, schedule: random.Random, nodes: Sequence[str]) -> int | None:
    """Kills the worker."""
    time.sleep(schedule.uniform(0.0, world.seconds))
    for process in command.workers if command.alive else []:
        with suppress(psutil.NoSuchProcess):
            process.kill()
            return process.pid
    return None


def runner(command: Command, world: World, schedule: random.Random, nodes: Sequence[str]) -> int | None:
    """Kills the process that the person has started."""
    time.sleep(schedule.uniform(0.0, world.seconds))
    if not command.alive:
        return None
    command.signal(signal.SIGKILL)
    return command.pid


def _started(world: World, command: Command, target: str) -> bool:
    run = world.latest_run()
    told = [] if run.name in command.earlier else world.events(run)
    return any((event["event"], event.get("node")) == ("node_started", target) for event in told)


KILL = {"node": node, "worker": worker, "runner": runner}


@pytest.fixture(scope="module")
def seeds() -> Iterator[int]:
    return iter(range(1, 10**6))


@pytest.mark.parametrize("part", range(-(-KILLS // AT_ONCE)))
def test_a_kill_costs_nothing_but_the_run(world: World, seeds: Iterator[int], fault: Fault, part: int) -> None:
    schedule = random.Random(SEED * 1000 + part)
    left = min(AT_ONCE, KILLS - part * AT_ONCE)
    with Reader(world.home.serving("small")) as reader:
        while left:
            seed = next(seeds)
            for _ in range(schedule.randint(1, min(3, left))):
                victim = schedule.choice(VICTIMS)
                left -= killed(world, world.run(seed), victim, NODES, schedule, fault)
            again = world.run(seed)
            assert again.wait() == 0, again.text
            world.check()
            assert reader.faults == []
    assert reader.reads > 0


@pytest.fixture(scope="module")
def taxi(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A home in which the real command line has pushed a taxi model."""
    made = World(tmp_path_factory.mktemp("taxi"), CommandLine())
    begin = time.monotonic()
    first = run_taxi(made, 0)
    assert first.wait() == 0, first.text
    made.seconds = time.monotonic() - begin
    return made


def run_taxi(world: World, seed: int) -> Command:
    return world.run(seed, "taxi", "--set", 'data.params={"rows": 1500}', "--set", "training.epochs=1", *LENIENT)


@pytest.mark.parametrize("number", range(TAXI_KILLS))
def test_the_real_pipeline_is_killed(taxi: World, fault: Fault, number: int) -> None:
    schedule = random.Random(SEED * 1000 + number)
    victim = ("worker", "runner", "node")[number % 3]
    before = len(taxi.versions("taxi"))
    killed(taxi, run_taxi(taxi, number + 1), victim, TAXI_NODES, schedule, fault)
    again = run_taxi(taxi, number + 1)
    assert again.wait() == 0, again.text
    taxi.check("taxi")
    assert before <= len(taxi.versions("taxi")) <= before + 2


def killed(
    world: World, command: Command, victim: str, nodes: Sequence[str], schedule: random.Random, fault: Fault
) -> bool:
    """Kills a part of a run; returns whether there was anything left to kill."""
    pid = KILL[victim](command, world, schedule, nodes)
    code = command.wait()
    until(lambda: not world.processes(), 10)
    if pid is None:
        return False
    fault(f"SIGKILL of a {victim}")
    assert code in ({"runner": (-signal.SIGKILL,)}.get(victim) or (0, 1)), command.text
    return True
