"""One warm process for all faults, and the counts of what was tried, printed at the end."""

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
pytest.register_assert_rewrite("world")

from world import Vehicle, World  # noqa: E402


@pytest.fixture(scope="session")
def vehicle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vehicle]:
    """The process that forks the commands."""
    started = Vehicle(tmp_path_factory.mktemp("data"))
    yield started
    started.stop()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, vehicle: Vehicle) -> World:
    """A home in which a first model is served."""
    made = World(tmp_path_factory.mktemp("world"), vehicle)
    for seed in (10**6, 0):
        begin = time.monotonic()
        command = made.run(seed)
        assert command.wait() == 0, command.text
        made.seconds = time.monotonic() - begin
    return made


@pytest.fixture
def fault(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Counts a fault that was tried; it is survived unless the test fails."""

    def count(kind: str) -> None:
        request.node.user_properties.append(("fault", kind))

    return count


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    tried, lost = Counter[str](), Counter[str]()
    for outcome in ("passed", "failed"):
        for report in terminalreporter.getreports(outcome):
            if report.when != "call":
                continue
            kinds = [str(value) for name, value in report.user_properties if name == "fault"]
            tried.update(kinds)
            # A test stops at its first loss.
            lost.update(kinds[-1:] if outcome == "failed" else [])
    if not tried:
        return
    terminalreporter.section("faults")
    for kind in [*tried, None]:
        all_of, bad = (tried[kind], lost[kind]) if kind else (tried.total(), lost.total())
        terminalreporter.write_line(f"{kind or 'all':28} tried {all_of:4}  survived {all_of - bad:4}  lost {bad:3}")
