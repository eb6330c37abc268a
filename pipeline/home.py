"""The home directory: where the metadata store, the data, the artifacts, the runs and the pushed models lie.

>>> import tempfile
>>> home = Home.open(tempfile.mkdtemp())
>>> home.serving("taxi").relative_to(home.root).as_posix()
'serving/taxi'
"""

import errno
import importlib.metadata
import json
import os
import re
import secrets
import shlex
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.errors import UsageError

FORMAT = 1
HOME_VARIABLE = "SLIPWAY_HOME"
DEFAULT = ".slipway"
_FOLDERS = ("data", "pipelines", "serving", "reports", "runs")


@dataclass(frozen=True)
class Home:
    """The layout of a home directory.

    `open` makes it, `existing` only reads it, `at` does not touch the disk at all.

    Args:
        root: The directory, absolute.
    """

    root: Path

    @classmethod
    def at(cls, path: str | Path | None = None) -> "Home":
        """Names the home, whether or not it exists.

        Args:
            path: The directory. None takes `$SLIPWAY_HOME`, and `.slipway` where that is not set.
        """
        return cls(Path(path or os.environ.get(HOME_VARIABLE) or DEFAULT).expanduser().absolute())

    @classmethod
    def open(cls, path: str | Path | None = None) -> "Home":
        """Opens the home for a run and makes what is missing in it.

        Args:
            path: As for `at`.

        Raises:
            UsageError: It cannot be made or written to, or a newer Slipway made it. Nothing was changed in it then.
        """
        home = cls.at(path)
        home.check()
        try:
            for name in _FOLDERS:
                (home.root / name).mkdir(parents=True, exist_ok=True)
            if not os.path.lexists(home._card):
                _write_json(home._card, {"format": FORMAT, "created_by": _version()})
        except OSError as error:
            raise home._unwritable(error) from None
        return home

    @classmethod
    def existing(cls, path: str | Path | None = None) -> "Home":
        """Opens a home for reading; makes and changes nothing.

        Args:
            path: As for `at`.

        Raises:
            UsageError: There is no home, or a newer Slipway made it.
        """
        home = cls.at(path)
        if not os.path.lexists(home._card):
            found = "no home.json in it" if home.root.is_dir() else "no such directory"
            raise UsageError(
                "There must be a Slipway home to look at.",
                received=f"home={home.root} ({found})",
                fix="`slipway run` makes one; --home DIR or $SLIPWAY_HOME names one that lies elsewhere.",
            )
        _check_format(home._card)
        return home

    def check(self) -> None:
        """Raises what `open` would raise, and makes nothing.

        Raises:
            UsageError: As for `open`.
        """
        base = nearest_existing(self.root)
        if not base.is_dir():
            raise UsageError(
                "The home must be a directory.",
                received=f"home={self.root} ({base} is a file)",
                fix=_or_another("Move the file away"),
            )
        if os.path.lexists(self._card):
            _check_format(self._card)
        try:
            for folder in (base, *(self.root / name for name in _FOLDERS)):
                if os.path.lexists(folder):
                    _write_probe(folder)
            # Not opened: closing any descriptor of an SQLite file drops the locks that this process holds on it.
            database, rights = self.metadata_db, os.R_OK | os.W_OK
            if os.path.lexists(database) and not os.access(database, rights, effective_ids=True):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(database))
        except OSError as error:
            raise self._unwritable(error) from None

    @property
    def _card(self) -> Path:
        return self.root / "home.json"

    @property
    def metadata_db(self) -> Path:
        """The ML Metadata store, an SQLite file."""
        return self.root / "metadata.db"

    @property
    def reports(self) -> Path:
        """Reports made for reading."""
        return self.root / "reports"

    @property
    def runs(self) -> Path:
        """One folder for each run."""
        return self.root / "runs"

    def run(self, run_id: str) -> Path:
        """A run's configuration, events and log."""
        return self.runs / run_id

    def data(self, task: str) -> Path:
        """TFRecords that a task wrote for itself."""
        return self.root / "data" / task

    def pipelines(self, task: str) -> Path:
        """Artifacts of a task's pipeline."""
        return self.root / "pipelines" / task

    def serving(self, task: str) -> Path:
        """Pushed models, a numbered folder for each version: what TF Serving watches."""
        return self.root / "serving" / task

    def _unwritable(self, error: OSError) -> UsageError:
        path = Path(error.filename or self.root)
        return UsageError(
            "The home directory must be writable.",
            received=f"home={self.root} ({'' if path == self.root else f'{path}: '}{error.strerror})",
            fix=_or_another(self._mend(path, error)),
        )

    def _mend(self, path: Path, error: OSError) -> str | None:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return "Free some disk space"
        # Nobody is told to take over a directory that is not a home: it may be /opt.
        if error.errno not in (errno.EACCES, errno.EPERM) or not os.path.lexists(self._card):
            return None
        if path.stat().st_uid == os.geteuid():
            return f"Run `chmod -R u+rwX {shlex.quote(str(path))}`"
        return f"Run `sudo chown -R $(id -u) {shlex.quote(str(self.root))}`"


class _Clock:
    """Microseconds since 1970 that never repeat within a process."""

    def __init__(self) -> None:
        self._lock, self._last = threading.Lock(), 0

    def tick(self) -> int:
        with self._lock:
            self._last = max(time.time_ns() // 1000, self._last + 1)
            return self._last


_clock = _Clock()


def new_run_id(task: str) -> str:
    """Returns a name for a run: UTC time, a random part, the task.

    Names sort by time. Two made by one process always differ and sort in the order in which they were made; the random
    part keeps two processes apart that ask in the same microsecond.

    Args:
        task: Name of the task that runs.

    Returns:
        Letters, digits and `-` only, such as `20261122T081502-123456-ab12-taxi`.
    """
    seconds, microsecond = divmod(_clock.tick(), 1_000_000)
    moment = time.strftime("%Y%m%dT%H%M%S", time.gmtime(seconds))
    name = re.sub(r"[^A-Za-z0-9]+", "-", task).strip("-")
    return f"{moment}-{microsecond:06d}-{secrets.token_hex(2)}-{name}".rstrip("-")


def nearest_existing(path: Path) -> Path:
    """Returns the path itself where it exists, else its nearest parent that does."""
    # Not Path.exists: that raises below a directory which may not be searched.
    there = (candidate for candidate in (path, *path.parents) if os.path.exists(candidate))  # noqa: PTH110
    return next(there, Path(path.anchor))


def _check_format(card: Path) -> None:
    values = _read_card(card)
    written = values.get("format")
    if type(written) is not int or written < 1:
        raise UsageError(
            'home.json must say {"format": N}, with a whole number.',
            received=f"{card} (format={written!r})" if values else f"{card} (no JSON object)",
            fix=_or_another(f"If the directory is a Slipway home, `rm {shlex.quote(str(card))}` and run again"),
        )
    if written > FORMAT:
        raise UsageError(
            f"The home must have format {FORMAT} or older to be used by this Slipway ({_version()}).",
            received=f"format {written} in {card}, made by Slipway {values.get('created_by', 'unknown')}",
            fix=_or_another("Update Slipway"),
        )


def _read_card(card: Path) -> dict[str, Any]:
    try:
        values = json.loads(card.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(
            "home.json must be readable.", received=f"{card} ({error.strerror})", fix=_or_another(None)
        ) from None
    except ValueError:
        return {}
    return values if isinstance(values, dict) else {}


def _write_probe(folder: Path) -> None:
    """A file is really written: permissions say nothing to root, and nothing of a read-only or a full disk."""
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"slipway")
    except OSError as error:
        error.filename = str(folder)
        raise


def _or_another(first: str | None) -> str:
    return f"{first}, or name another folder with --home DIR." if first else "Name another folder with --home DIR."


def _write_json(path: Path, values: dict[str, object]) -> None:
    """Written beside and renamed, so that nobody reads half of it; flushed, so that nobody does after a power cut."""
    beside = path.with_name(f"{path.name}.{os.getpid()}-{secrets.token_hex(2)}")
    try:
        with beside.open("x", encoding="utf-8") as file:
            file.write(json.dumps(values) + "\n")
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def _version() -> str:
    try:
        return importlib.metadata.version("tfx-slipway")
    except importlib.metadata.PackageNotFoundError:
        return "not installed"
