"""Every task compiles for KFP, passes the checks, and reads nothing of this machine."""

import pytest

from components.errors import UsageError
from components.settings import to_dict
from pipeline import tasks
from pipeline.config import override
from pipeline.kubeflow_code import PROJECT
from pipeline.kubeflow_order import Order

pytestmark = pytest.mark.slow


def order(name, *assignments):
    config = to_dict(override(tasks.load(name), assignments))
    return Order(config, "kfp", "image:1", "s3://bucket/root", f"/slipway/data/{name}", f"/slipway/serving/{name}")


@pytest.mark.parametrize("name", tasks.names())
def test_every_task_compiles_for_kfp(name):
    from kubeflow.compilation import compiled

    spec, platform = compiled(order(name))

    assert str(PROJECT) not in str(spec)
    parameters = spec["root"]["inputDefinitions"]["parameters"]
    assert {"data_uri", "push_destination"} < set(parameters)
    assert any(parameter.endswith(("_lower", "_upper")) for parameter in parameters)
    steps = spec["components"]["comp-pipeline"]["dag"]["tasks"]
    blessings = steps["pusher"]["triggerPolicy"]["condition"]
    assert blessings.count("== 1.0") == sum("blessing" in key for key in steps["pusher"]["inputs"]["artifacts"])
    assert not [label for label, executor in spec["deploymentSpec"]["executors"].items() if "resolver" in executor]
    assert platform is not None


@pytest.mark.parametrize(
    ("assignment", "rule"),
    [
        ("kubeflow.nodes.Trainor.gpus=1", "Each of `kubeflow.nodes` must be a node"),
        ("training.loss=nothing", "The loss must be known."),
        ("data.path=/nowhere", "The data folder must exist."),
        ("evaluation.metrics=[Nothing]", "A metric"),
    ],
)
def test_a_configuration_that_could_not_run_is_refused(assignment, rule):
    from kubeflow.compilation import compiled

    with pytest.raises(UsageError) as error:
        compiled(order("taxi", assignment, *(["evaluation.thresholds={}"] if "metrics" in assignment else [])))

    assert error.value.rule.startswith(rule)
