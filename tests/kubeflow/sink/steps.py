"""Steps of runs on KFP as far as the sink sees them: records, written by the code that steps write them with."""

from pathlib import Path

from tfx.types import standard_artifacts

from kubeflow.step.record import RESOLVER, StepRecord

NODES = {
    "ImportExampleGen": "tfx.components.example_gen.import_example_gen.component.ImportExampleGen",
    "StatisticsGen": "tfx.components.statistics_gen.component.StatisticsGen",
    "Trainer": "components.trainer.component.Trainer",
    "ServingCheck": "components.serving_check.component.ServingCheck",
    "Evaluator": "components.evaluator.component.Evaluator",
    "Pusher": "components.pusher.component.Pusher",
}
KINDS = {
    "examples": standard_artifacts.Examples,
    "statistics": standard_artifacts.ExampleStatistics,
    "model": standard_artifacts.Model,
    "blessing": standard_artifacts.ModelBlessing,
    "infra_blessing": standard_artifacts.InfraBlessing,
    "pushed_model": standard_artifacts.PushedModel,
}


class Steps:
    """The steps of one run.

    Args:
        folder: The folder of the pipeline's records.
        run: The run.
        launcher: The folder in which the launcher puts files.
    """

    def __init__(self, folder: Path, run: str, launcher: Path) -> None:
        self.folder, self.run, self.launcher = folder, run, launcher
        self.made = {}

    def _artifact(self, key, uri):
        artifact = KINDS[key.removeprefix("baseline_")]()
        # TFX's parser makes a number of the name.
        artifact.id = 6259527195585344838 + len(key)
        artifact.uri = f"{self.launcher}/s3/{uri.removeprefix('s3://')}"
        Path(artifact.uri).mkdir(parents=True, exist_ok=True)
        return artifact

    def _place(self, node, key):
        return f"s3://bucket/root/tiny/{self.run}/{node.lower()}/uuid/{key}"

    def step(self, node, reads=(), makes=(), given=None, ends=None, **properties):
        """Leaves the record of a step; what was made is found under its key by later ones, or is `given`."""
        inputs = {key: (given or {}).get(key) or self.made[key] for key in reads}
        outputs = {key: self._place(node, key) for key in makes}
        record = StepRecord(str(self.folder), node, NODES[node], _input(inputs, outputs))
        record.properties = {"code": f"{node} of 1", "custom_config": '{"epochs": 2}', **properties}
        read, made = ({key: [self._artifact(key, uri)] for key, uri in side.items()} for side in (inputs, outputs))
        with record.kept(read, made):
            if ends:
                ends(made)
            for key, (artifact,) in made.items():
                Path(artifact.uri, "payload").write_text(node)
                artifact.name = key
        self.made |= outputs

    def resolve(self, name, key, origin):
        """Leaves the record of a resolver that has copied an artifact, and returns the copy's URI."""
        uri = self._place(name, key)
        StepRecord(str(self.folder), name, RESOLVER, _input({}, {key: uri})).resolved({uri: origin})
        return uri


def _input(inputs, outputs):
    sides = {"inputs": inputs, "outputs": outputs}
    return {
        side: {"artifacts": {key: {"artifacts": [{"uri": uri}]} for key, uri in found.items()}}
        for side, found in sides.items()
    }


def pushed(version):
    """Returns what marks a model as pushed."""

    def mark(made):
        (model,) = made["pushed_model"]
        model.set_int_custom_property("pushed", 1)
        model.set_string_custom_property("pushed_version", version)
        model.set_string_custom_property("pushed_destination", f"/serving/tiny/{version}")

    return mark


def blessed(value):
    """Returns what blesses a model, or does not."""
    return lambda made: made["blessing"][0].set_int_custom_property("blessed", value)


def first_run(steps):
    """Leaves the records of a run that pushed version 7."""
    steps.step("ImportExampleGen", makes=["examples"], input_base="/slipway/data", span=3)
    steps.step("StatisticsGen", ["examples"], ["statistics"])
    steps.step("Trainer", ["examples"], ["model"])
    steps.step("ServingCheck", ["model", "examples"], ["infra_blessing"])
    steps.step("Evaluator", ["examples", "model"], ["blessing"], ends=blessed(1))
    steps.step("Pusher", ["model", "blessing"], ["pushed_model"], ends=pushed("7"))
