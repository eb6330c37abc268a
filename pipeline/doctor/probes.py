"""Finds the facts out, once and cheaply."""

import ctypes
import importlib.metadata
import importlib.util
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

from components.errors import UsageError
from pipeline.doctor import native, stack, storage
from pipeline.doctor.facts import Facts, from_here
from pipeline.home import Home, nearest_existing

_PACKAGERS = ("apt-get", "dnf")


def gather(path: Path | None, deep: bool) -> Facts:
    """Gathers the facts; imports no package that is not a part of Python.

    Args:
        path: The home, as for `Home.at`.
        deep: Whether everything is really imported, which takes a minute.
    """
    machine, tasks = _machine(), _tasks()
    return Facts(**machine, **_installation(machine["glibc"], deep), **_storage(Home.at(path)), tasks=tasks)


def _machine() -> dict[str, Any]:
    python, glibc, libstdcxx = sys.version_info[:3], _glibc(), _libstdcxx()
    packager = next((name for name in _PACKAGERS if shutil.which(name)), None)
    wanted = stack.for_glibc(glibc)
    minors = () if wanted is None or python[1] in wanted.pythons else wanted.pythons
    others = tuple(name for minor in minors if _makes_environments(name := f"python3.{minor}"))
    threading = "free-threaded " if sysconfig.get_config_var("Py_GIL_DISABLED") else ""
    compiler = shlex.split(os.environ.get("CXX") or sysconfig.get_config_var("CXX") or "g++")[0]
    return {
        "python": python,
        "implementation": threading + sys.implementation.name,
        "other_pythons": others,
        "offered_python": None if others else _offered_python(packager, minors),
        "system": platform.system(),
        "machine": platform.machine(),
        "avx": _avx(),
        "glibc": glibc,
        "libstdcxx": libstdcxx,
        "glibcxx": _glibcxx(libstdcxx),
        "packager": packager,
        "superuser": os.geteuid() == 0,
        "compiler": compiler,
        "compiler_found": shutil.which(compiler) is not None,
        "headers": Path(sysconfig.get_path("include"), "Python.h").is_file(),
        "memory": _memory(),
    }


def _installation(glibc: tuple[int, int] | None, deep: bool) -> dict[str, Any]:
    installed, checkout, stamp = _installed(), _checkout(), stack.read_stamp(Path(sys.prefix))
    compared = stack.named(stamp) or stack.of_versions(installed) or stack.for_glibc(glibc)
    return {
        "checkout": checkout,
        "prefix": Path(sys.prefix),
        "pip_install": _pip_install(),
        "installed": installed,
        "stamp": stamp,
        "pins": stack.read_pins(checkout / "requirements" / compared.lock) if checkout and compared else {},
        "libraries": native.load_libraries(),
        "sql_util": any(Path(entry, "tfx_bsl", "arrow", "sql_util.py").is_file() for entry in sys.path),
        "imports": native.import_modules() if deep else None,
    }


def _storage(home: Home) -> dict[str, Any]:
    problem, base, store = _home_problem(home), nearest_existing(home.root), _is_sqlite(home.metadata_db)
    return {
        "home": home,
        "home_problem": problem,
        "lock_problem": None if problem else storage.try_lock(base),
        "store": store,
        "writer": storage.writer_of(home.metadata_db) if store else None,
        "disk": shutil.disk_usage(base).free,
    }


def _glibc() -> tuple[int, int] | None:
    try:
        version = os.confstr("CS_GNU_LIBC_VERSION") or ""
    except (AttributeError, ValueError, OSError):
        return None
    match = re.fullmatch(r"glibc (\d+)\.(\d+).*", version)
    return (int(match[1]), int(match[2])) if match else None


def _libstdcxx() -> Path | None:
    """Asks the dynamic linker, which knows of LD_LIBRARY_PATH and of Conda, and looks where it went."""
    try:
        ctypes.CDLL("libstdc++.so.6")
        mapped = Path("/proc/self/maps").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    match = re.search(r"(/\S*/libstdc\+\+\.so\S*)", mapped)
    return Path(match[1]) if match else None


def _glibcxx(library: Path | None) -> int | None:
    if library is None:
        return None
    return max((int(found) for found in re.findall(rb"GLIBCXX_3\.4\.(\d+)", library.read_bytes())), default=None)


def _avx() -> bool:
    try:
        with Path("/proc/cpuinfo").open(encoding="utf-8") as lines:
            flags = next((line for line in lines if line.startswith("flags")), None)
    except OSError:
        return True
    return flags is None or " avx " in flags


def _makes_environments(python: str) -> bool:
    """Debian has Pythons without the module that makes environments."""
    return _succeeds(python, "-c", "import ensurepip")


def _offered_python(packager: str | None, minors: tuple[int, ...]) -> str | None:
    """Debian and Ubuntu each package one or two Pythons; Fedora and RHEL, slow to ask, all since 3.11 or just 3.12."""
    names = [f"python3.{minor}" for minor in minors]
    if packager == "apt-get":
        return next((name for name in names if _succeeds("apt-cache", "show", name)), None)
    return names[min(1, len(names) - 1)] if packager and names else None


def _succeeds(*command: str) -> bool:
    try:
        subprocess.run(command, capture_output=True, check=True, timeout=5)
    except (OSError, subprocess.SubprocessError):
        return False
    return True


def _memory() -> int | None:
    available = re.findall(r"MemAvailable:\s+(\d+)", _read("/proc/meminfo"))
    limits = map(_read, ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"))
    return min(
        [*(int(text) * 1024 for text in available), *(int(text) for text in limits if text.isdigit())], default=None
    )


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def _checkout() -> Path | None:
    root = Path(__file__).resolve().parents[2]
    return root if (root / "Makefile").is_file() and (root / "requirements").is_dir() else None


def _pip_install() -> str:
    python = shlex.quote(from_here(Path(sys.executable)))
    if importlib.util.find_spec("pip") is None:
        return f"uv pip install --python {python}"
    return f"{python} -m pip install"


def _installed() -> dict[str, str]:
    """The first one on the path counts, as it does for imports; what is half removed has no name.

    Only two fields are read: to parse all metadata takes longer than the rest of the doctor.
    """
    versions: dict[str, str] = {}
    for found in importlib.metadata.distributions():
        text = found.read_text("METADATA") or found.read_text("PKG-INFO") or ""
        fields = dict(re.findall(r"(?m)^(Name|Version): *(\S+)", text.partition("\n\n")[0]))
        if len(fields) == 2:
            versions.setdefault(stack.normalized(fields["Name"]), fields["Version"])
    return versions


def _tasks() -> dict[str, tuple[str, ...] | str]:
    """A task is somebody's code: whatever it raises is the finding."""
    try:
        from pipeline import tasks

        names = tasks.names()
    except Exception as error:  # noqa: BLE001
        return {"": f"{type(error).__name__}: {error}"}
    return {name: _requires(name) for name in names}


def _requires(name: str) -> tuple[str, ...] | str:
    from pipeline import tasks

    try:
        return tasks.load(name).requires
    except Exception as error:  # noqa: BLE001
        return f"{type(error).__name__}: {error}"


def _home_problem(home: Home) -> UsageError | None:
    try:
        home.check()
    except UsageError as error:
        return error
    return None


def _is_sqlite(database: Path) -> bool | None:
    try:
        return storage.is_sqlite(database)
    except FileNotFoundError:
        return None
    except OSError:
        return False
