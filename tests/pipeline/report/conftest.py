import json

import pytest

from components.evaluator import verdict
from components.evaluator.verdict import Row, Verdict
from components.serving_check.result import Check, Result
from pipeline.home import Home
from pipeline.report.material import Material
from pipeline.runner.events import append, event
from pipeline.runner.request import RunRequest, log_file

RUN = "run-1"
UPSTREAM = {
    "Gen": [],
    "Trainer": ["Gen"],
    "Evaluator": ["Gen", "Trainer"],
    "ServingCheck": ["Trainer"],
    "Pusher": ["Evaluator", "ServingCheck"],
}
PORTS = "fare: float32 [None], company: string [None]"
CHECKS = (
    Check("", "", "load time", "0.36 s", "up to 60 s", passed=True),
    Check("serving_default", "", "input dtypes and shapes", "the same", PORTS, passed=True),
    Check("serving_default", "", "output dtypes", "the same", "probability: float32", passed=True),
    Check("serving_default", "single", "p95 latency", "1.4 ms", "up to 30 ms", passed=True),
    Check("", "", "equals the Trainer's over REST", "not run: no server", "-", passed=None),
)
HISTORY = {"loss": [0.5, 0.3], "val_loss": [0.4, 0.35], "learning_rate": [0.01, 0.005], "input_wait": [0.1, 0.1]}


class MadeRun:
    """A run of five nodes with all its files, in a home that no pipeline has run in.

    Args:
        recorder: Writes the store, which is that of the home.
        text: What every name, value and line that a person or the data choose has in it.
    """

    def __init__(self, recorder, text=""):
        self._recorder, self._text, self._root = recorder, text, recorder.path.parent
        self.home, self.name = Home.open(self._root), RUN + text
        self._steps()
        self._tell()

    def material(self):
        store = self._recorder.opened()
        return Material(store, store.run(self.name), self.home)

    def _folder(self, node):
        folder = self._root / "pipelines" / node
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _step(self, node, inputs=(), outputs=(), **more):
        return self._recorder.step(
            node, inputs, outputs, run=self.name, pipeline=f"taxi{self._text}", note=f"the note{self._text}", **more
        )

    def _steps(self):
        [data] = self._step("Gen", outputs=[("Examples", self._folder("Gen"), {})], input_base=f"/data{self._text}")
        config = {"training": {"seed": 7, f"key{self._text}": f"value{self._text}"}, "code": "abcdef0123456789"}
        model, _ = self._step(
            "Trainer",
            [data],
            [("Model", self._folder("Model"), {}), ("ModelRun", self._folder("ModelRun"), {})],
            custom_config=json.dumps(config),
            run_fn=f"my.run_fn{self._text}",
        )
        history = {**HISTORY, f"metric{self._text}": [0.1, 0.2]}
        content = {"best_epoch": 2, "monitor": f"val_loss{self._text}", "history": history}
        (self._folder("ModelRun") / "history.json").write_text(json.dumps(content))
        blessing, _ = self._step(
            "Evaluator",
            [data, model],
            [
                ("ModelBlessing", "gs://gone", {"blessed": 1, "force_bless_reason": f"They wait{self._text}"}),
                ("ModelEvaluation", self._folder("Evaluator"), {}),
            ],
        )
        rows = (
            Row(f"AUC{self._text}", value=0.91, lower=0.95, examples=50, passed=False),
            Row("AUC", slice=f"hour=3{self._text}", lower=0.9, note=f"too few{self._text}"),
        )
        verdict.write(Verdict(True, "They wait", "They wait", None, rows), str(self._folder("Evaluator")))
        [checked] = self._step("ServingCheck", [model], [("InfraBlessing", self._folder("ServingCheck"), {})])
        checks = (*CHECKS, Check("", f"case{self._text}", "rule", f"seen{self._text}", "allowed", passed=False))
        Result(checks).write(self._folder("ServingCheck"))
        pushed = {"pushed": 1, "pushed_version": f"17{self._text}", "pushed_destination": f"/serving/17{self._text}"}
        self._step("Pusher", [model, blessing, checked], [("PushedModel", self._folder("Pusher"), pushed)])

    def _tell(self):
        # Only names that can be those of a folder have one in a home.
        folder = self.home.run(self.name.replace("/", ""))
        if "/" in self.name:
            return
        RunRequest(self.name, "taxi", str(self._root), {"summary": f"Will the tip be big?{self._text}"}).write(folder)
        events = folder / "events.jsonl"
        append(events, event("launched", run_id=self.name, task="taxi"))
        append(events, event("run_started", run_id=self.name, task="taxi", nodes=list(UPSTREAM), upstream=UPSTREAM))
        append(events, event("notice", message=f"A notice{self._text}"))
        append(events, event("run_finished", outcome="pushed", exit_code=0, message=f"A message{self._text}"))
        log = log_file(folder, "Trainer")
        log.parent.mkdir()
        log.write_text(f"\x1b[1mEpoch 1\x1b[0m{self._text}\nthe last line\n")


@pytest.fixture
def made_run(recorder):
    """A finished run with everything that a page shows."""
    return MadeRun(recorder)
