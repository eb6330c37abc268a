"""What is sent to KFP: a run, a schedule, a pipeline for others to run."""

import contextlib
import hashlib
import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from kfp.client import Client

from kubeflow import checks
from kubeflow.compiled_file import CompiledFile
from kubeflow.submit.connection import Server, quiet, translated
from kubeflow.submit.cron import check as check_cron
from kubeflow.typed_parameters import typed

_DIGITS = 12
_EQUALS = 1


@dataclass(frozen=True)
class Schedule:
    """When a pipeline runs by itself.

    Args:
        cron: Six fields, seconds first.
        max_concurrency: How many of its runs may run at the same time, from 1 to 10.
        catchup: Whether runs that were missed are made up for.
    """

    cron: str
    max_concurrency: int = 1
    catchup: bool = True


@dataclass(frozen=True)
class Uploaded:
    """A pipeline on the server.

    Args:
        pipeline: Its id.
        version: The name of the version.
        new: Whether it was not there before.
    """

    pipeline: str
    version: str
    new: bool


def checked(file: CompiledFile, assignments: Iterable[str]) -> dict[str, Any]:
    """Returns the runtime parameters of a file that KFP would take.

    Args:
        file: The file.
        assignments: `name=value` each.

    Raises:
        UsageError: KFP would refuse the file, or a parameter does not exist or has another type.
    """
    given = typed(file.spec, assignments)
    checks.require(file.spec, file.platform, required=given)
    return given


class Submission:
    """A compiled file on its way to a server.

    Args:
        file: The file.
        parameters: Runtime parameters by name.
        experiment: The experiment, which is made if it is not there.
        client: The server's client.
        to: The server.
    """

    def __init__(
        self, file: CompiledFile, parameters: dict[str, Any], experiment: str, client: Client, to: Server
    ) -> None:
        self.file, self.parameters, self.experiment = file, parameters, experiment
        self.client, self.to = client, to

    def run(self) -> str:
        """Starts a run and returns its id."""
        name = f"{self.file.name} {time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime())}"
        with self._speaking():
            return str(self.client.run_pipeline(self._experiment(), name, str(self.file.path), self.parameters).run_id)

    def schedule(self, schedule: Schedule) -> str:
        """Makes a recurring run and returns its id."""
        with self._speaking():
            made = self.client.create_recurring_run(
                self._experiment(),
                self.file.name,
                cron_expression=check_cron(schedule.cron),
                max_concurrency=schedule.max_concurrency,
                no_catchup=not schedule.catchup,
                params=self.parameters,
                pipeline_package_path=str(self.file.path),
            )
        return str(made.recurring_run_id)

    def upload(self, name: str) -> Uploaded:
        """Uploads the file as a new pipeline, or as a version of one that is there; nothing if it has that version.

        Args:
            name: The pipeline's name. Its first version is called so too, others after the file's digest.
        """
        path, digest = str(self.file.path), hashlib.sha256(self.file.path.read_bytes()).hexdigest()[:_DIGITS]
        first = f"First version: {digest}"
        with self._speaking():
            there = self.client.list_pipelines(filter=_named(name), namespace=self.to.namespace).pipelines
            if not there:
                made = self.client.upload_pipeline(path, name, description=first, namespace=self.to.namespace)
                return Uploaded(made.pipeline_id, name, new=True)
            pipeline = there[0].pipeline_id
            known = self.client.list_pipeline_versions(pipeline, filter=_named(digest)).pipeline_versions
            if known or there[0].description == first:
                return Uploaded(pipeline, digest if known else name, new=False)
            self.client.upload_pipeline_version(path, digest, pipeline_id=pipeline)
        return Uploaded(pipeline, digest, new=True)

    def _experiment(self) -> str:
        return str(self.client.create_experiment(self.experiment, namespace=self.to.namespace).experiment_id)

    @contextlib.contextmanager
    def _speaking(self) -> Iterator[None]:
        with translated(self.to), quiet():
            yield


def _named(name: str) -> str:
    return json.dumps({"predicates": [{"operation": _EQUALS, "key": "display_name", "stringValue": name}]})
