"""What the good model predicts, and a way to ask an export in this process."""

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import tensorflow as tf

from components.reference_predictions import ReferencePredictions
from components.serving_check import cases, clean_process
from components.serving_check.checks import check
from components.serving_check.config import ServingCheckConfig
from components.serving_check.executor import questions
from components.serving_check.expected import Expected
from components.serving_check.process import Answers
from components.serving_check.result import Result
from components.trainer import raw_features
from tests.components.serving_check import tiny


@pytest.fixture(scope="session")
def reference(tmp_path_factory) -> ReferencePredictions:
    """What the good model predicted in memory."""
    return tiny.reference(tiny.Model(tmp_path_factory.mktemp("memory")), tiny.rows())


@dataclass(frozen=True)
class Asked:
    """What an export answers, to be judged."""

    answers: Answers
    asked: list[cases.Case]
    reference: ReferencePredictions

    def judged(self, kept: ReferencePredictions | str | None = "", **limits) -> Result:
        """Returns the checks; `kept` are predictions in the place of those of the good model."""
        config = ServingCheckConfig(**limits)
        features = raw_features.read(tiny.schema(), tiny.LABEL)
        expected = Expected(features, self.reference if kept == "" else kept, config.tolerance)
        return Result(tuple(check(self.answers, self.asked, expected, config)))


@pytest.fixture(scope="session")
def ask(reference) -> Callable[..., Asked]:
    """Asks an export without a process of its own: `ask(export).judged(max_latency_ms=1.0)`."""

    def ask(export: Path, missing: tuple[str, ...] | None = None) -> Asked:
        features = raw_features.read(tiny.schema(), tiny.LABEL)
        asked = cases.build(tiny.rows(), tiny.schema(), features, missing)
        file = io.StringIO()
        clean_process.tell(file, event="imported", seconds=3.0, memory_mib=500.0)
        request = questions(export, asked, features, calls=3)
        clean_process.answer_all(file, tf, json.loads(json.dumps(request)))
        clean_process.tell(file, event="done", memory_mib=600.0)
        return Asked(Answers([json.loads(line) for line in file.getvalue().splitlines()]), asked, reference)

    return ask
