"""What the checks judge: facts about the machine, the installation and the home."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from components.errors import UsageError
from pipeline.doctor import stack
from pipeline.doctor.native import Import
from pipeline.home import Home


@dataclass(frozen=True)
class Facts:
    """Everything the checks look at; none of them looks elsewhere.

    Args:
        python: Version of this Python.
        implementation: `cpython` and so on; `free-threaded cpython` is another one to wheels.
        other_pythons: Commands of supported Pythons that can make an environment; only looked for where this one is not
            supported.
        offered_python: Package of the operating system with a supported Python; only looked for where none is there.
        system: `Linux` and so on.
        machine: `x86_64` and so on.
        avx: Whether the processor has the instructions that TensorFlow's wheels use.
        glibc: Its version; None where there is none.
        libstdcxx: The library that a process gets here; None where there is none.
        glibcxx: N of the newest GLIBCXX_3.4.N in it.
        packager: `apt-get` or `dnf`; None where there is neither.
        superuser: Whether commands need no sudo.
        compiler: The C++ compiler that a build would call.
        compiler_found: Whether that is on PATH.
        headers: Whether `Python.h` of this Python is there.
        memory: Bytes that can be had, under the container's limit if there is one; None where nothing tells.
        checkout: The project's folder; None for an installed copy.
        prefix: The environment of this Python.
        pip_install: The command that installs a package into it.
        installed: Distribution (normalized) to version.
        stamp: The lock that the install step noted, as `stack.read_stamp` returns it.
        pins: Distribution to version in the installed lock; empty where the lock is not at hand.
        libraries: Distribution to why its native library does not load, or None.
        sql_util: Whether `tfx_bsl.arrow.sql_util` is there.
        imports: Module to how its import went; None where imports were not tried.
        tasks: Task to the distributions it needs, or to why it cannot be read.
        home: The home, which need not exist.
        home_problem: Why it cannot be used.
        lock_problem: Why SQLite cannot lock files there.
        store: Whether its `metadata.db` is an SQLite file; None where there is none.
        writer: The process that keeps `metadata.db` locked, 0 for an unknown one.
        disk: Free bytes for it.
    """

    python: tuple[int, int, int]
    implementation: str
    other_pythons: tuple[str, ...]
    offered_python: str | None
    system: str
    machine: str
    avx: bool
    glibc: tuple[int, int] | None
    libstdcxx: Path | None
    glibcxx: int | None
    packager: str | None
    superuser: bool
    compiler: str
    compiler_found: bool
    headers: bool
    memory: int | None
    checkout: Path | None
    prefix: Path
    pip_install: str
    installed: Mapping[str, str]
    stamp: str | None
    pins: Mapping[str, str]
    libraries: Mapping[str, str | None]
    sql_util: bool
    imports: Mapping[str, Import] | None
    tasks: Mapping[str, tuple[str, ...] | str]
    home: Home
    home_problem: UsageError | None
    lock_problem: str | None
    store: bool | None
    writer: int | None
    disk: int

    @property
    def platform_stack(self) -> stack.Stack:
        """The stack for this platform, whatever the Python; the official one where no platform is supported."""
        return stack.for_glibc(self.glibc) or stack.OFFICIAL

    @property
    def wanted(self) -> stack.Stack | None:
        """The stack that this platform and this Python take; None where there is none."""
        found = stack.for_glibc(self.glibc) if (self.system, self.machine) == ("Linux", "x86_64") else None
        return found if found and self.python[1] in found.pythons and self.implementation == "cpython" else None

    @property
    def present(self) -> stack.Stack | None:
        """The stack that is installed, by the stamp or else by the versions; None where neither tells."""
        return stack.named(self.stamp) or stack.of_versions(self.installed)


def from_here(path: Path) -> str:
    """Returns the path, relative where it is below the current directory."""
    inside = os.path.relpath(path)
    return str(path) if inside.startswith("..") else inside
