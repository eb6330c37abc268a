"""The checks: each judges the facts of one matter and says how to mend it."""

import os
import shlex
import textwrap
from collections.abc import Callable
from pathlib import Path

from pipeline.doctor import stack, storage
from pipeline.doctor.facts import Facts, from_here
from pipeline.doctor.mending import new_environment, reinstall, system_packages
from pipeline.doctor.row import Row, State

GB = 10**9
_HUB = "tensorflow-hub==0.16.1"
_NAMES = {
    "tfx": "TFX",
    "tensorflow": "TensorFlow",
    "keras": "Keras",
    "apache-beam": "Beam",
    "ml-metadata": "MLMD",
    "tensorflow-data-validation": "TFDV",
    "tensorflow-transform": "TFT",
    "tensorflow-model-analysis": "TFMA",
    "tfx-bsl": "tfx-bsl",
}


def check_python(facts: Facts) -> Row:
    """Python must be one that the platform's wheels are built for."""
    version = f"{'.'.join(map(str, facts.python))}"
    minors = facts.platform_stack.pythons
    if facts.implementation != "cpython":
        version = f"{facts.implementation} {version}"
    elif facts.python[1] in minors:
        return Row("python", "ok", version)
    supported = " or ".join(f"3.{minor}" for minor in minors)
    return Row("python", "broken", f"{version}; TFX has wheels for CPython {supported} here", new_environment(facts))


def check_platform(facts: Facts) -> Row:
    """The wheels are for Linux on x86_64 with AVX and glibc 2.28 or newer."""
    libc = f"glibc {_dotted(facts.glibc)}" if facts.glibc else "no glibc"
    found = f"{facts.system} {facts.machine}, {libc}"
    if (facts.system, facts.machine) != ("Linux", "x86_64"):
        return Row("platform", "broken", f"{found}; TFX has wheels for Linux on x86_64 only", new_environment(facts))
    if stack.for_glibc(facts.glibc) is None:
        oldest = _dotted(stack.OLDER.glibc)
        return Row("platform", "broken", f"{found}; TFX's wheels need glibc {oldest} or newer", new_environment(facts))
    if not facts.avx:
        detail = f"{found}; the processor has no AVX, which TensorFlow's wheels use"
        return Row("platform", "broken", detail, "Use a machine, or a virtual processor type, that has AVX.")
    return Row("platform", "ok", found)


def check_libstdcxx(facts: Facts) -> Row:
    """libstdc++ must have the symbols that the native wheels ask for."""
    needed = facts.platform_stack.glibcxx
    if facts.libstdcxx is None:
        mend = system_packages(facts, apt="libstdc++6", dnf="libstdc++")
        return Row("libstdc++", "broken", "not found; the native packages need it", mend)
    found = f"GLIBCXX_3.4.{facts.glibcxx}"
    if (facts.glibcxx or 0) >= needed:
        return Row("libstdc++", "ok", f"up to {found}")
    detail = f"{facts.libstdcxx} ends at {found}; the native packages may ask for GLIBCXX_3.4.{needed}"
    return Row("libstdc++", "broken", detail, _newer_libstdcxx(facts))


def check_lock(facts: Facts) -> Row:
    """The installed lock must be the one for this platform."""
    wanted, present = facts.wanted, facts.present
    if wanted is None:
        return Row("lock", "broken", "none is made for this Python on this platform", new_environment(facts))
    if present is None:
        return Row("lock", "broken", f"{wanted.lock} applies, and is not installed", _reinstall_all(facts))
    judged = "installed" if facts.stamp else "installed, judging by the versions"
    if present is wanted:
        return Row("lock", "ok", f"{wanted.lock} applies and is {judged}")
    # The older wheels run on a newer glibc; the reverse does not load.
    state: State = "warning" if present is stack.OLDER else "broken"
    return Row("lock", state, f"{present.lock} is {judged}; {wanted.lock} applies here", _reinstall_all(facts))


def check_packages(facts: Facts) -> Row:
    """Every distribution must have the version of the installed lock."""
    if not facts.pins:
        return Row("packages", "ok", "no lock at hand to compare with")
    missing = sorted(name for name in facts.pins if name not in facts.installed)
    others = sorted(
        f"{name} {facts.installed[name]} (lock: {version})"
        for name, version in facts.pins.items()
        if name in facts.installed and facts.installed[name] != version
    )
    if not missing and not others:
        return Row("packages", "ok", f"all {len(facts.pins)} as in the lock")
    detail = _two_lists("missing", missing, "not as in the lock", others)
    return Row("packages", "broken" if missing else "warning", detail, reinstall(facts, *missing))


def check_stack(facts: Facts) -> Row:
    """TFX and what it stands on must have versions that work together."""
    # Judged by what is installed: whether that is the right lock for this platform is check_lock's matter.
    versions = (facts.present or facts.platform_stack).versions
    wrong = [name for name, version in versions.items() if not stack.fits(facts.installed.get(name, ""), version)]
    if not wrong:
        return Row("stack", "ok", ", ".join(f"{label} {facts.installed[name]}" for name, label in _NAMES.items()))
    missing = [_NAMES[name] for name in wrong if name not in facts.installed]
    others = [
        f"{_NAMES[name]} {facts.installed[name]} (needs {versions[name]})" for name in wrong if name in facts.installed
    ]
    return Row(
        "stack", "broken", _two_lists("missing", missing, "of another version", others), reinstall(facts, *wrong)
    )


def check_libraries(facts: Facts) -> list[Row]:
    """Each native library must load."""
    return [_check_library(facts, name, problem) for name, problem in facts.libraries.items()]


def check_hub(facts: Facts) -> Row:
    """tensorflow-hub before 0.16 does not import on TensorFlow 2.16 and newer, and TFX's metadata ask for just that."""
    version = facts.installed.get("tensorflow-hub")
    if version is None:
        detail = "missing; the Hub layer needs it, nothing else does"
        return Row("tensorflow-hub", "warning", detail, reinstall(facts, _HUB))
    if _number(version) < (0, 16) and _number(facts.installed.get("tensorflow", "2.21")) >= (2, 16):
        detail = f"{version} does not import on this TensorFlow; the locks override TFX's pin with {_HUB}"
        return Row("tensorflow-hub", "broken", detail, reinstall(facts, _HUB))
    return Row("tensorflow-hub", "ok", version)


def check_compiler(facts: Facts) -> Row:
    """A compiler and the headers of Python must be there for pyfarmhash, which has no wheels."""
    minor = f"python3.{facts.python[1]}"
    missing = [(f"no {facts.compiler}", "g++", "gcc-c++")] * (not facts.compiler_found)
    missing += [("no Python.h", f"{minor}-dev", f"{minor}-devel")] * (not facts.headers)
    if not missing:
        return Row("compiler", "ok", f"{facts.compiler}, and Python.h is there")
    mend = system_packages(facts, apt=" ".join(m[1] for m in missing), dnf=" ".join(m[2] for m in missing))
    if not facts.compiler_found and facts.compiler != "g++":
        mend += " && export CXX=g++"
    found = " and ".join(m[0] for m in missing)
    if "pyfarmhash" in facts.installed:
        return Row("compiler", "warning", f"{found}; only a new installation of pyfarmhash needs it", mend)
    return Row("compiler", "broken", f"{found}; pyfarmhash cannot be compiled without", mend)


def check_disk(facts: Facts) -> Row:
    """The home's disk must have room for artifacts."""
    state: State = "broken" if facts.disk < GB else "warning" if facts.disk < 10 * GB else "ok"
    detail = f"{_gb(facts.disk)} free for {from_here(facts.home.root)}"
    if state == "ok":
        return Row("disk", state, detail)
    need = "a run needs 1 GB" if state == "broken" else "runs add up; 10 GB or more is comfortable"
    return Row("disk", state, f"{detail}; {need}", "export SLIPWAY_HOME=/a/larger/disk/slipway")


def check_memory(facts: Facts) -> Row:
    """TensorFlow, Beam and TFX share one process."""
    if facts.memory is None:
        return Row("memory", "ok", "nothing tells how much there is")
    state: State = "broken" if facts.memory < 2 * GB else "warning" if facts.memory < 4 * GB else "ok"
    detail = f"{_gb(facts.memory)} available"
    if state == "ok":
        return Row("memory", state, detail)
    need = "the taxi run does not fit" if state == "broken" else "the taxi run wants 4 GB"
    return Row("memory", state, f"{detail}; {need}", "ps -eo rss,pid,args --sort=-rss | head")


def check_home(facts: Facts) -> Row:
    """The home must be writable, and of a format this version knows."""
    if facts.home_problem is not None:
        problem = facts.home_problem
        return Row("home", "broken", f"{problem.rule} Found: {problem.received}", problem.fix)
    root = from_here(facts.home.root)
    if facts.lock_problem == storage.NO_SQLITE:
        mend = system_packages(facts, apt="libsqlite3-dev", dnf="sqlite-devel")
        return Row(
            "home", "warning", f"{root}: not locked on trial, as {facts.lock_problem}", f"{mend}, and build it again"
        )
    if facts.lock_problem is not None:
        detail = f"{root}: SQLite cannot lock files there ({facts.lock_problem}); network disks often cannot"
        return Row("home", "broken", detail, f"export SLIPWAY_HOME=/var/tmp/slipway-{os.geteuid()}")
    made = "writable, SQLite can lock" if facts.home.root.is_dir() else "not made yet; it can be, and SQLite can lock"
    return Row("home", "ok", f"{root}: {made}")


def check_store(facts: Facts) -> Row:
    """Nobody may keep the metadata store locked: ML Metadata does not wait for a second writer."""
    if facts.store is None:
        return Row("metadata store", "ok", "not made yet")
    database = from_here(facts.home.metadata_db)
    quoted = shlex.quote(database)
    if not facts.store:
        detail = f"{database} is not an SQLite file"
        return Row("metadata store", "broken", detail, f"mv {quoted} {quoted}.broken")
    if facts.writer is None:
        return Row("metadata store", "ok", f"{database}, not locked")
    detail = f"{database} is locked by {_process(facts.writer)}; wait for it, or stop it if it hangs"
    return Row("metadata store", "broken", detail, f"kill {facts.writer}" if facts.writer else f"fuser -v {quoted}")


def check_tasks(facts: Facts) -> list[Row]:
    """Each task must be readable, and the packages it needs installed."""
    return [_check_task(facts, task, requires) for task, requires in facts.tasks.items()]


def check_imports(facts: Facts) -> list[Row]:
    """With `--deep`: everything a run imports is really imported."""
    return [
        Row(f"import {module}", "ok", f"{done.seconds:.1f} s")
        if done.problem is None
        else Row(f"import {module}", "broken", done.problem, _mend_import(facts))
        for module, done in (facts.imports or {}).items()
    ]


CHECKS: tuple[Callable[[Facts], Row | list[Row]], ...] = (
    check_python,
    check_platform,
    check_libstdcxx,
    check_compiler,
    check_lock,
    check_packages,
    check_stack,
    check_hub,
    check_libraries,
    check_imports,
    check_memory,
    check_disk,
    check_home,
    check_store,
    check_tasks,
)


def judge(facts: Facts) -> list[Row]:
    """Returns the rows of all checks."""
    rows: list[Row] = []
    for check in CHECKS:
        found = check(facts)
        rows += found if isinstance(found, list) else [found]
    return rows


def _check_library(facts: Facts, name: str, problem: str | None) -> Row:
    label = f"load {_NAMES.get(name, name)}"
    if problem is not None:
        # Where the right versions are there, what does not load is damaged.
        damaged = name in facts.installed and facts.present is facts.wanted
        return Row(label, "broken", problem, reinstall(facts, name, damaged=damaged))
    if name == "tensorflow-data-validation" and facts.present is stack.OLDER and not facts.sql_util:
        detail = "its 1.16 imports tfx_bsl.arrow.sql_util, which requirements/compat supplies and is not installed"
        return Row(label, "broken", detail, reinstall(facts, "slipway-tfx-bsl-compat"))
    return Row(label, "ok", "its native library loads")


def _check_task(facts: Facts, task: str, requires: tuple[str, ...] | str) -> Row:
    name = f"task {task}" if task else "tasks"
    if isinstance(requires, str):
        missing_module = requires.startswith((ModuleNotFoundError.__name__, ImportError.__name__))
        mend = _reinstall_all(facts) if missing_module else f"slipway run {task} --debug"
        return Row(name, "broken", f"cannot be read: {requires}", mend)
    missing = [package for package in requires if stack.normalized(package) not in facts.installed]
    if missing:
        return Row(name, "warning", f"needs {', '.join(missing)}", f"{facts.pip_install} --no-deps {' '.join(missing)}")
    return Row(name, "ok", f"has {', '.join(requires)}" if requires else "needs nothing more")


def _mend_import(facts: Facts) -> str:
    """With every version as it should be, what does not import is damaged."""
    right = "ok" == check_lock(facts).state == check_packages(facts).state == check_stack(facts).state
    return reinstall(facts, *stack.OFFICIAL.versions, damaged=right)


def _newer_libstdcxx(facts: Facts) -> str:
    entries = [Path(entry) for entry in os.environ.get("LD_LIBRARY_PATH", "").split(":") if entry]
    library = facts.libstdcxx
    if library is not None and any(library.is_relative_to(entry) for entry in entries):
        return "unset LD_LIBRARY_PATH"
    conda = os.environ.get("CONDA_PREFIX")
    if library is not None and conda and library.is_relative_to(conda):
        return "conda install -c conda-forge 'libstdcxx-ng>=13'"
    return system_packages(facts, apt="libstdc++6", dnf="libstdc++")


def _reinstall_all(facts: Facts) -> str:
    return reinstall(facts, *stack.OFFICIAL.versions)


def _process(process: int) -> str:
    try:
        command = Path(f"/proc/{process}/cmdline").read_bytes().decode(errors="replace").replace("\0", " ").strip()
    except OSError:
        command = ""
    named = f"process {process}" if process else "a process in another container or on another machine"
    return f"{named} ({textwrap.shorten(command, 80)})" if command and process else named


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2] if part.isdigit())


def _two_lists(first: str, firsts: list[str], second: str, seconds: list[str]) -> str:
    return "; ".join(f"{title}: {_some(items)}" for title, items in ((first, firsts), (second, seconds)) if items)


def _some(items: list[str], most: int = 4) -> str:
    more = f" and {len(items) - most} more" if len(items) > most else ""
    return ", ".join(items[:most]) + more


def _dotted(version: tuple[int, int] | None) -> str:
    return ".".join(str(part) for part in version or ())


def _gb(size: int) -> str:
    if size < GB:
        return f"{size / 10**6:.0f} MB"
    return f"{size / GB:.1f} GB" if size < 10 * GB else f"{size / GB:.0f} GB"
