import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest

from components.errors import UsageError
from pipeline import tasks

ROOT = Path(__file__).resolve().parents[3]


def test_taxi_is_a_task():
    assert "taxi" in tasks.names()


@pytest.mark.parametrize("name", tasks.names())
def test_every_task_loads_under_its_own_name(name):
    task = tasks.load(name)
    assert task.name == name
    assert (ROOT / task.schema.path).is_file()
    task.evaluation.check()
    if task.tuning.space:
        dataclasses.replace(task.tuning, trials=1).check(task.training)


@pytest.mark.parametrize("name", tasks.names())
def test_a_task_loads_without_tensorflow(name):
    code = f"import sys; from pipeline import tasks; tasks.load({name!r}); assert 'tensorflow' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


@pytest.mark.parametrize("name", ["tax", "Taxi", "", "../taxi", "__pycache__"])
def test_an_unknown_task_is_bad_usage(name):
    with pytest.raises(UsageError, match=r"A task must exist\. Received: task=") as caught:
        tasks.load(name)
    assert caught.value.exit_code == 2


def test_a_mistyped_task_is_guessed():
    with pytest.raises(UsageError, match="Did you mean 'taxi'"):
        tasks.load("taxy")
