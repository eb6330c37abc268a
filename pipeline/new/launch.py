"""A new task from the watching side: what is asked for, the worker, the files, what a person reads."""

import keyword
import re
import shutil
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pipeline
from components.errors import UsageError
from components.settings import from_dict, to_dict
from pipeline.new import render, source, survey_csv, survey_folders
from pipeline.new.findings import Findings, Source
from pipeline.new.request import NewRequest
from pipeline.runner.ask import ask

PROJECT = Path(pipeline.__file__).resolve().parents[1]

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


@dataclass(frozen=True)
class NewOrder:
    """A new task as the command line asks for it.

    Args:
        name: The task's name.
        path: The data.
        label: The column that is learned; None takes one that is called like a label.
        leave_out: Columns to do without.
        project: The project that gets the task.
    """

    name: str
    path: str
    label: str | None = None
    leave_out: tuple[str, ...] = ()
    project: Path = PROJECT


def launch(order: NewOrder) -> Findings:
    """Makes a task from data.

    Args:
        order: What is asked for.

    Returns:
        What was found.

    Raises:
        UsageError: The name, the label, the data or the project is at fault.
        DataRefused: The data cannot be read, or nothing can be learned from them.
        ComponentFailed: The worker died.
    """
    check_place(order.name, order.project)
    found = source.detect(order.path)
    known = _survey(order, found)
    request = NewRequest(order.name, found, order.label, order.leave_out, known)
    waiting = f"{source.KINDS[found.kind]}: TensorFlow Data Validation infers the schema"
    findings = from_dict(Findings, ask("pipeline.new.worker", to_dict(request), waiting))
    write(order.project, findings.name, render.files(findings))
    return findings


def check_place(name: str, project: Path) -> None:
    """Raises a UsageError unless a task of that name can be made in a project."""
    if not _NAME.fullmatch(name) or keyword.iskeyword(name):
        raise UsageError(
            "A task's name must be a letter and up to 39 letters, digits or `_`, in lower case.",
            received=name,
            fix="It becomes the name of a package: pipeline.tasks.NAME.",
        )
    if not all((project / place).is_dir() for place in ("pipeline/tasks", "schemas")):
        raise UsageError(
            "The project must be a checkout with pipeline/tasks/ and schemas/.",
            received=str(project),
            fix="Give one with --project.",
        )
    for place in render.paths(name).values():
        if (project / place).exists():
            raise UsageError("A new task must not exist yet.", received=str(project / place), fix="Take another name.")


def _survey(order: NewOrder, found: Source) -> Findings | None:
    if found.kind == "csv":
        return survey_csv.survey(found, order.name, order.label, order.leave_out)
    if found.kind == "tfrecords":
        return None
    if order.leave_out:
        raise UsageError("There are no columns to leave out.", received=f"--leave-out {order.leave_out[0]}")
    return survey_folders.survey(found, order.name, order.label)


def write(project: Path, name: str, files: dict[str, str]) -> None:
    """Writes the files of a task: beside, then each folder by one renaming, the task itself last.

    Raises:
        UsageError: The task has appeared in the meantime.
    """
    with tempfile.TemporaryDirectory(prefix=".new-", dir=project) as beside:
        for path, text in files.items():
            (Path(beside) / path).parent.mkdir(parents=True, exist_ok=True)
            (Path(beside) / path).write_text(text, encoding="utf-8")
        placed: list[Path] = []
        try:
            for place in render.paths(name).values():
                (project / place).parent.mkdir(parents=True, exist_ok=True)
                (Path(beside) / place).rename(project / place)
                placed.append(project / place)
        except OSError as error:
            for folder in placed:
                with suppress(OSError):
                    shutil.rmtree(folder)
            raise UsageError("A new task must not exist yet.", received=f"{project / place}: {error}") from None
