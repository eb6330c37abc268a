"""The commands that a person types after a run, complete enough to be pasted."""

import os
import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from pipeline.home import Home

PORT = 8501


@dataclass(frozen=True)
class NextSteps:
    """Commands about one run.

    Args:
        home: The home of the run.
        task: The task's name, also that of the served model.
        run_id: The run.
        store: The server of its metadata; None where they are in the home.
    """

    home: Home
    task: str
    run_id: str
    store: str | None = None

    def serve(self, version: Path, request: Path) -> list[str]:
        """Returns the commands that serve a pushed model and ask it for a prediction.

        Args:
            version: The folder of the pushed version.
            request: A file with a request that the model answers.
        """
        base = version.parent.absolute()
        mount = shlex.quote(f"type=bind,source={base},target=/models/{self.task},readonly")
        docker = f"docker run --rm -p {PORT}:{PORT} --mount {mount} -e MODEL_NAME={self.task} tensorflow/serving"
        native = (
            f"tensorflow_model_server --model_name={self.task} --model_base_path={shlex.quote(str(base))}"
            f" --rest_api_port={PORT}"
        )
        curl = f"curl -d @{shlex.quote(shown(request))} http://localhost:{PORT}/v1/models/{self.task}:predict"
        return [docker, *([native] if shutil.which("tensorflow_model_server") else []), curl]

    def look(self) -> list[str]:
        """Returns the commands that show the run again."""
        home = "" if Home.at() == self.home else f" --home {shlex.quote(shown(self.home.root))}"
        home += f" --store {shlex.quote(self.store)}" if self.store else ""
        slipway = _program("slipway") or f"{shlex.quote(shown(Path(sys.executable)))} -m pipeline.cli"
        tensorboard = _program("tensorboard")
        logs = self.home.pipelines(self.task) / "Trainer" / "model_run"
        return [
            f"{slipway} show {self.run_id}{home}",
            f"{slipway} report {self.run_id}{home}",
            f"{slipway} runs {self.task}{home}",
            *([f"{tensorboard} --logdir {shlex.quote(shown(logs))}"] if tensorboard and logs.is_dir() else []),
        ]


def shown(path: Path) -> str:
    """Returns a path the short way: relative to the working directory if it lies below it."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_absolute() and path.is_relative_to(here) else str(path)


def _program(name: str) -> str | None:
    """Returns how to call a program of this environment, which need not be activated; None if it is not installed."""
    beside = Path(sys.executable).with_name(name)
    found = shutil.which(name)
    if found and Path(found).absolute() == beside.absolute():
        return name
    return shlex.quote(shown(beside)) if os.access(beside, os.X_OK) else found and name
