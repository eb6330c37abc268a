"""The parts of a run's log that a person is shown."""

from pathlib import Path

_TAIL_BYTES = 1 << 20
_LINE_LENGTH = 160
_CHAINED = ("During handling of the above exception", "The above exception was the direct cause")
# What Python's fault handler writes after a crash: a list of modules, which tells nobody anything.
_CRASH = "Fatal Python error"


def last_line(path: Path) -> str | None:
    """Returns the last line that is not blank, cut to a readable length; None if there is none."""
    lines = [line.strip() for line in _tail(path).split(_CRASH)[0].splitlines() if line.strip()]
    if not lines:
        return None
    return lines[-1] if len(lines[-1]) <= _LINE_LENGTH else lines[-1][: _LINE_LENGTH - 3] + "..."


def last_traceback(path: Path) -> str | None:
    """Returns the last Python traceback with its exception and those that led to it; None if there is none."""
    lines = _tail(path).splitlines()
    starts = [number for number, line in enumerate(lines) if line.startswith("Traceback (most recent call last)")]
    if not starts:
        return None
    first = len(starts) - 1
    while first and any(line.startswith(_CHAINED) for line in lines[starts[first - 1] : starts[first]]):
        first -= 1
    # Frames are indented, the exception is the first line that is not.
    after = range(starts[-1] + 1, len(lines))
    end = next((number for number in after if lines[number] and not lines[number].startswith(" ")), len(lines) - 1)
    return "\n".join(lines[starts[first] : end + 1])


def _tail(path: Path) -> str:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _TAIL_BYTES))
        return file.read().decode(errors="replace")
