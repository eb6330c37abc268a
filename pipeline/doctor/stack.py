"""The two stacks the project runs on, and which of them is installed."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

STAMP = ".slipway-install"

_COMMON = {
    "tfx": "1.21.0",
    "tensorflow": "2.21",
    "keras": "3",
    "apache-beam": "2",
    "tensorflow-transform": "1.21",
    "tensorflow-model-analysis": "0.52",
    "tfx-bsl": "1.21",
}


@dataclass(frozen=True)
class Stack:
    """A lock and what it needs.

    Args:
        lock: File name in `requirements/`.
        pythons: Minor versions of Python 3 it has wheels for.
        glibc: The oldest glibc its wheels run on.
        glibcxx: N of the newest GLIBCXX_3.4.N its wheels may ask libstdc++ for.
        versions: Distribution to the leading parts of its version, for the ones that matter.
    """

    lock: str
    pythons: tuple[int, ...]
    glibc: tuple[int, int]
    glibcxx: int
    versions: Mapping[str, str]


OFFICIAL = Stack(
    lock="glibc-2.39.txt",
    pythons=(11, 12, 13),
    glibc=(2, 39),
    glibcxx=32,
    versions={**_COMMON, "ml-metadata": "1.21", "tensorflow-data-validation": "1.21"},
)
# manylinux_2_28, which the wheels of this one are built for, allows GLIBCXX_3.4.24.
OLDER = Stack(
    lock="glibc-2.28.txt",
    pythons=(11,),
    glibc=(2, 28),
    glibcxx=24,
    versions={**_COMMON, "ml-metadata": "1.17.1", "tensorflow-data-validation": "1.16.1"},
)
STACKS = (OFFICIAL, OLDER)


def for_glibc(glibc: tuple[int, int] | None) -> Stack | None:
    """Returns the stack for a platform; None where there is no glibc or one too old."""
    return next((stack for stack in STACKS if glibc is not None and glibc >= stack.glibc), None)


def of_versions(installed: Mapping[str, str]) -> Stack | None:
    """Returns the stack that installed versions belong to, judged by ML Metadata; None without it."""
    version = installed.get("ml-metadata")
    return next((stack for stack in STACKS if version and fits(version, stack.versions["ml-metadata"])), None)


def named(lock: str | None) -> Stack | None:
    """Returns the stack of a lock's file name."""
    return next((stack for stack in STACKS if stack.lock == lock), None)


def fits(version: str, wanted: str) -> bool:
    """Returns whether a version begins with the wanted parts: `2.21.0` fits `2.21`, and `2.210` does not."""
    parts = wanted.split(".")
    return version.partition("+")[0].split(".")[: len(parts)] == parts


def read_stamp(prefix: Path) -> str | None:
    """Returns the lock that the install step noted in an environment.

    Returns:
        The lock's file name; an empty text where the stamp does not say it; None where there is no stamp.
    """
    try:
        stamp = json.loads((prefix / STAMP).read_text(encoding="utf-8"))
    except OSError:
        return None
    except ValueError:
        return ""
    lock = stamp.get("lock") if isinstance(stamp, dict) else None
    return Path(lock).name if isinstance(lock, str) else ""


def read_pins(lock: Path) -> dict[str, str]:
    """Returns distribution to version from a lock; lines for another Python or platform are left out."""
    try:
        text = lock.read_text(encoding="utf-8")
    except OSError:
        return {}
    pins = {}
    for match in re.finditer(r"(?m)^([A-Za-z0-9][\w.-]*)(?:\[[^]]*])?==([^\s;\\]+)[ \t]*(?:;([^\\\n#]*))?", text):
        name, version, marker = match.groups()
        if marker is None or _applies(marker):
            pins[normalized(name)] = version
    return pins


def normalized(name: str) -> str:
    """Returns a distribution's name the way the package index compares names."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _applies(marker: str) -> bool:
    try:
        from packaging.markers import Marker
    except ImportError:
        return False
    return Marker(marker.strip()).evaluate()
