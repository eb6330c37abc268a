"""Loading native libraries and importing packages where a crash or a hang does no harm: in other processes."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

# Where each wheel keeps the library that its Python code cannot do without.
LIBRARIES = {
    "ml-metadata": "ml_metadata/metadata_store/pywrap/*.so",
    "tensorflow-data-validation": "tensorflow_data_validation/pywrap/*.so",
    "tfx-bsl": "tfx_bsl/cc/*.so",
    "pyfarmhash": "farmhash*.so",
    "tensorflow": "tensorflow/libtensorflow_framework.so*",
}
# What a run imports. An order in which each adds little to the ones before.
MODULES = (
    "farmhash",
    "ml_metadata.metadata_store",
    "apache_beam",
    "tensorflow",
    "keras",
    "tensorflow_hub",
    "tfx_bsl.public.tfxio",
    "tensorflow_data_validation",
    "tensorflow_transform",
    "tensorflow_model_analysis",
    "tfx.components",
)
_LOAD = """
import ctypes, os, sys
try:
    ctypes.CDLL(sys.argv[1])
except OSError as error:
    sys.exit(str(error))
os._exit(0)
"""
_IMPORT = """
import importlib, json, os, sys, time
results = open(sys.argv[1], "a")
def note(**fields):
    results.write(json.dumps(fields) + "\\n")
    results.flush()
for module in sys.argv[2:]:
    note(started=module)
    began, problem = time.monotonic(), None
    try:
        importlib.import_module(module)
    except BaseException as error:
        problem = f"{type(error).__name__}: {error}"
    note(finished=module, seconds=time.monotonic() - began, problem=problem)
os._exit(0)
"""


@dataclass(frozen=True)
class Import:
    """How an import went.

    Args:
        seconds: Wall clock, on top of what the ones before had imported.
        problem: Why it failed; None when it did not.
    """

    seconds: float
    problem: str | None


def load_libraries(libraries: Mapping[str, str] = LIBRARIES, seconds: float = 20.0) -> dict[str, str | None]:
    """Lets the dynamic linker load each distribution's library, without importing any Python of it.

    Args:
        libraries: Distribution to the pattern of its library, relative to where it is installed.
        seconds: How long one may take.

    Returns:
        Distribution to what is wrong with it, None where nothing is.
    """
    started: dict[str, subprocess.Popen[str] | str] = {}
    for name, pattern in libraries.items():
        path = _library(name, pattern)
        started[name] = _start_loading(path) if isinstance(path, Path) else path
    return {name: job if isinstance(job, str) else _outcome(job, seconds) for name, job in started.items()}


def import_modules(modules: Iterable[str] = MODULES, seconds: float = 300.0) -> dict[str, Import]:
    """Imports modules one after the other in a fresh process, and in another one after each crash or hang.

    Args:
        modules: Names, in the order in which they are imported.
        seconds: How long one process may take.
    """
    waiting, results = list(modules), dict[str, Import]()
    with tempfile.TemporaryDirectory() as folder:
        while waiting:
            notes = Path(folder, f"{len(waiting)}.jsonl")
            ended = _run_imports(waiting, notes, seconds)
            results.update(_read_notes(notes, ended) or {waiting[0]: Import(0.0, ended)})
            waiting = [module for module in waiting if module not in results]
    return results


def _library(name: str, pattern: str) -> Path | str:
    try:
        root = Path(str(distribution(name).locate_file("")))
    except PackageNotFoundError:
        return "not installed"
    return next(iter(sorted(root.glob(pattern))), f"half installed: there is no {pattern}")


def _start_loading(path: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-I", "-S", "-c", _LOAD, str(path)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace")


def _outcome(process: subprocess.Popen[str], seconds: float) -> str | None:
    try:
        errors = process.communicate(timeout=seconds)[1]
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return f"did not load within {seconds:.0f} s"
    if process.returncode < 0:
        return f"crashed when loaded ({_signal(process.returncode)})"
    return (errors.strip().splitlines() or ["failed without a word"])[-1] if process.returncode else None


def _run_imports(modules: list[str], notes: Path, seconds: float) -> str:
    command = [sys.executable, "-c", _IMPORT, str(notes), *modules]
    try:
        finished = subprocess.run(
            command,
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"not imported within {seconds:.0f} s"
    return f"crashed ({_signal(finished.returncode)})"


def _read_notes(notes: Path, ended: str) -> dict[str, Import]:
    results = {}
    for line in notes.read_text(encoding="utf-8").splitlines() if notes.exists() else []:
        note = json.loads(line)
        if "started" in note:
            results[note["started"]] = Import(0.0, ended)
        else:
            results[note["finished"]] = Import(note["seconds"], note["problem"])
    return results


def _signal(code: int) -> str:
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"exit code {code}"
