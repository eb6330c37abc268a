"""Which lock fits this machine, and what a person must do where none does.

Standard library only, and in the syntax of Python 3.6: an interpreter that is too old for TFX must get a sentence, not
a SyntaxError.
"""

import importlib.util
import json
import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Iterable, NamedTuple, Optional, Tuple, Union

Version = Tuple[int, int]
OLDEST_GLIBC, OFFICIAL_GLIBC = (2, 28), (2, 39)


class Lock(NamedTuple):
    """A lock file, the Python versions it holds wheels for, and whether it needs the compat distribution."""

    name: str
    pythons: Tuple[Version, ...]
    compat: bool

    @property
    def path(self) -> str:
        """The file, relative to the project."""
        return f"requirements/{self.name}.txt"


OFFICIAL = Lock("glibc-2.39", ((3, 11), (3, 12), (3, 13)), compat=False)
OLDER = Lock("glibc-2.28", ((3, 11),), compat=True)


class Facts(NamedTuple):
    """What decides about the lock.

    Args:
        python: Version of the interpreter.
        implementation: `cpython`, another implementation's name, or `free-threaded cpython`.
        system: As in `sys.platform`.
        machine: As in `uname -m`.
        glibc: Its version; None where the C library is another one.
        venv: Whether the interpreter can make a virtual environment with pip in it.
        compiler: The C++ compiler that the interpreter would call.
        compiler_found: Whether that is on PATH.
        headers: Whether `Python.h` is there.
    """

    python: Version
    implementation: str
    system: str
    machine: str
    glibc: Optional[Version]
    venv: bool
    compiler: str
    compiler_found: bool
    headers: bool


class Choice(NamedTuple):
    """The lock to install, and why."""

    lock: Lock
    reason: str


class Refusal(NamedTuple):
    """Why nothing is installed; `other_python` tells whether another interpreter could mend it."""

    rule: str
    received: str
    fix: str
    other_python: bool = False

    def __str__(self) -> str:
        return f"{self.rule} Received: {self.received}. {self.fix}"


def dotted(version: Iterable[int]) -> str:
    """Returns `3.11` for (3, 11)."""
    return ".".join(str(part) for part in version)


def choose_lock(facts: Facts) -> Union[Choice, Refusal]:
    """Decides which lock fits a machine, from its facts alone.

    Args:
        facts: As `gather_facts` returns them.

    Returns:
        The choice, or the first rule that the machine breaks.
    """
    if facts.system != "linux" or facts.machine != "x86_64":
        return Refusal(
            "TFX's native packages have wheels for Linux on x86_64 only.",
            f"{facts.system} on {facts.machine}",
            "Use a Linux x86_64 machine, virtual machine or container.",
        )
    if facts.glibc is None or facts.glibc < OLDEST_GLIBC:
        return _refuse_c_library(facts.glibc)
    lock = OFFICIAL if facts.glibc >= OFFICIAL_GLIBC else OLDER
    relation = "is at least" if lock is OFFICIAL else "is older than"
    reason = f"glibc {dotted(facts.glibc)} {relation} {dotted(OFFICIAL_GLIBC)}"
    return _refuse_python(facts, lock, reason) or _refuse_tools(facts) or Choice(lock, reason)


def _refuse_c_library(glibc: Optional[Version]) -> Refusal:
    return Refusal(
        f"TFX's native packages need glibc {dotted(OLDEST_GLIBC)} or newer.",
        f"glibc {dotted(glibc)}" if glibc else "another C library (Alpine has musl)",
        "Use Debian 12, Ubuntu 22.04, RHEL 9 or newer.",
    )


def _refuse_python(facts: Facts, lock: Lock, reason: str) -> Optional[Refusal]:
    best, python = dotted(lock.pythons[0]), dotted(facts.python)
    if facts.python not in lock.pythons or facts.implementation != "cpython":
        fitting = ", ".join(dotted(version) for version in lock.pythons)
        return Refusal(
            f"{lock.path} ({reason}) is for CPython {fitting}.",
            f"{facts.implementation} {python}",
            f"Install the packages python{best}, python{best}-venv and python{best}-dev (Debian, Ubuntu), "
            f"or name an interpreter: make install PYTHON=/path/to/python{best}.",
            other_python=True,
        )
    if not facts.venv:
        return Refusal(
            "Python must be able to make a virtual environment with pip.",
            f"Python {python} without venv or ensurepip",
            f"Install the package python{python}-venv (Debian, Ubuntu).",
            other_python=True,
        )
    return None


def _refuse_tools(facts: Facts) -> Optional[Refusal]:
    """pyfarmhash, which TFX's model analysis needs, is published as source only."""
    if not facts.compiler_found:
        return Refusal(
            "pyfarmhash is compiled on installation and needs a C++ compiler.",
            f"no {facts.compiler} on PATH",
            "Install the package g++ (Debian, Ubuntu) or gcc-c++ (RHEL), or name a compiler in CXX.",
        )
    if not facts.headers:
        python = dotted(facts.python)
        return Refusal(
            "pyfarmhash is compiled on installation and needs the headers of Python.",
            f"Python {python} without Python.h",
            f"Install the package python{python}-dev (Debian, Ubuntu) or python{python}-devel (RHEL).",
        )
    return None


def gather_facts() -> Facts:
    """Returns the facts of this machine and this interpreter."""
    compiler = shlex.split(os.environ.get("CXX") or sysconfig.get_config_var("CXX") or "g++")[0]
    threading = "free-threaded " if sysconfig.get_config_var("Py_GIL_DISABLED") else ""
    return Facts(
        python=sys.version_info[:2],
        implementation=threading + sys.implementation.name,
        system=sys.platform,
        machine=os.uname().machine if hasattr(os, "uname") else "an unknown processor",
        glibc=_glibc_version(),
        venv=all(importlib.util.find_spec(name) for name in ("venv", "ensurepip")),
        compiler=compiler,
        compiler_found=shutil.which(compiler) is not None,
        headers=Path(sysconfig.get_paths()["include"], "Python.h").exists(),
    )


def _glibc_version() -> Optional[Version]:
    try:
        name, version = (os.confstr("CS_GNU_LIBC_VERSION") or "").split()
    except (AttributeError, OSError, ValueError):
        return None
    major, minor = version.split(".")[:2]
    return (int(major), int(minor)) if name == "glibc" else None


def find_python(refusal: Refusal) -> Union[str, Refusal]:
    """Looks on PATH for an interpreter that fits where the running one does not.

    Args:
        refusal: Why the running one does not fit.

    Returns:
        The interpreter's path. Else the refusal of one whose version fits but which lacks something, because that is
        the shorter way to an environment. Else the refusal that was given.
    """
    for version in OFFICIAL.pythons:
        path = shutil.which(f"python{dotted(version)}")
        facts = _facts_of(path) if path else None
        if path is None or facts is None:
            continue
        answer = choose_lock(facts)
        if isinstance(answer, Choice):
            return path
        if not answer.other_python or not facts.venv:
            refusal = answer
    return refusal


def _facts_of(python: str) -> Optional[Facts]:
    """Asks another interpreter; one that does not run, such as a version manager's empty shim, has no facts."""
    try:
        answer = subprocess.run(
            [python, str(Path(__file__).resolve())],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=60,
            check=True,
        )
        values = json.loads(answer.stdout.decode())
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    values["python"], values["glibc"] = tuple(values["python"]), values["glibc"] and tuple(values["glibc"])
    return Facts(**values)


if __name__ == "__main__":
    print(json.dumps(gather_facts()._asdict()))
