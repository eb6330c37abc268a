"""A worker without TensorFlow: python fake_worker.py SCENARIO RUN_FOLDER."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from components import progress

NODES = ["ImportExampleGen", "DataGate", "Trainer", "Evaluator", "Pusher"]
ROW = {"metric": "AUC", "slice": "", "value": 0.94, "lower": 0.9, "upper": None, "baseline": None, "change": None}
EVALUATION = [
    {**ROW, "min_change": -0.01, "passed": True},
    {**ROW, "slice": "trip_start_hour=3", "lower": None, "min_change": None, "passed": None},
]


def start() -> None:
    progress.emit("run_started", run_id="r", task="tiny", nodes=NODES)


def node(name: str, state: str = "complete", **fields: object) -> None:
    progress.emit("node_started", node=name)
    progress.emit("node_finished", node=name, state=state, seconds=0.5, **fields)


def finish(outcome: str, exit_code: int, message: str | None = None) -> int:
    progress.emit("run_finished", outcome=outcome, exit_code=exit_code, message=message)
    return exit_code


def pushed(folder: Path) -> int:
    print("a line of the log")
    start()
    node("ImportExampleGen", "cached")
    node("DataGate")
    progress.emit("node_started", node="Trainer")
    for epoch in (1, 2):
        progress.emit("epoch", epoch=epoch, epochs=2, metrics={"loss": 0.5 / epoch, "val_loss": 0.6 / epoch})
    progress.emit("node_finished", node="Trainer", state="complete", seconds=1.5)
    node("Evaluator")
    progress.emit("evaluation", rows=EVALUATION, blessed=True)
    node("Pusher")
    progress.emit("pushed", version="17", path=str(folder.parents[1] / "serving" / "tiny" / "17"))
    return finish("pushed", 0)


def refused(folder: Path) -> int:
    start()
    rows = [{"split": "train", "feature": "fare", "rule": "Out-of-range values", "detail": "-3 is below 0."}]
    progress.emit("refused", rows=rows)
    node("DataGate", "failed", message="The data must match the schema.")
    return finish("refused", 3, "The data must match the schema. Received: fare. Mend the data.")


def not_blessed(folder: Path) -> int:
    start()
    node("Evaluator")
    progress.emit("evaluation", rows=[{**EVALUATION[0], "lower": 0.99, "passed": False}], blessed=False)
    return finish("not_blessed", 4, "A model is pushed when it meets its thresholds. Received: AUC=0.9400.")


def usage(folder: Path) -> int:
    return finish("usage", 2, "A node must be one of the pipeline's. Received: Trainr. Did you mean 'Trainer'?")


def raises(folder: Path) -> int:
    start()
    progress.emit("node_started", node="Trainer")
    raise RuntimeError("no kernel image")


def killed(folder: Path) -> int:
    start()
    print("allocating everything")
    progress.emit("node_started", node="Trainer")
    os.kill(os.getpid(), signal.SIGKILL)
    return 0


def crashes(folder: Path) -> int:
    start()
    progress.emit("node_started", node="Transform")
    os.kill(os.getpid(), signal.SIGSEGV)
    return 0


def silent(folder: Path) -> int:
    return 0


def waits(folder: Path) -> int:
    """Runs until interrupted, then ends in order."""
    start()
    progress.emit("node_started", node="Trainer")
    try:
        time.sleep(60)
    except KeyboardInterrupt:
        return finish("interrupted", 130, "The run was interrupted.")
    return 0


def stubborn(folder: Path) -> int:
    """Ignores interrupts, and so does its child."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    (folder / "pids").write_text(f"{os.getpid()} {child.pid}")
    start()
    time.sleep(60)
    return 0


def lingers(folder: Path) -> int:
    """Tells its outcome, then does not end."""
    start()
    finish("up_to_date", 0)
    time.sleep(60)
    return 0


if __name__ == "__main__":
    sys.exit(globals()[sys.argv[1]](Path(sys.argv[2])))
