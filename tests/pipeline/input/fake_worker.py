"""Writes a finding as the worker does, or fails: `python fake_worker.py SCENARIO FOLDER`."""

import sys
from pathlib import Path

from components import progress
from pipeline.input.finding import Finding, Setting, Stage
from pipeline.input.request import InputRequest

scenario, folder = sys.argv[1], Path(sys.argv[2])
request = InputRequest.read(folder)
if scenario == "fails":
    progress.emit("run_finished", outcome="refused", exit_code=3, message="Every element must be readable.")
    sys.exit(3)
stages = (
    Stage("read", 0.5),
    Stage("parse", 1.5, "a batch at a time"),
    Stage("parse, one by one", 9.0, "for comparison"),
    Stage("decode", None, "Transform has decoded"),
    Stage("augment", None),
    Stage("batch", 0.1),
    Stage("step", 1.0),
)
before = Setting("as it is", 2.0, None, {}, 2.5, 0.6)
after = Setting("cache in memory", 0.25, 12.0, {"memory_mb": 16}, 1.0, 0.02)
if scenario == "fast":
    before = Setting("as it is", 0.2, 12.0, {}, 1.0, 0.02)
settings = (before,) if scenario == "fast" else (before, after)
best = len(settings) - 1
Finding(request.task, request.transformed.run, 1000, 40, request.memory_mb, stages, settings, best).write(folder)
progress.emit("run_finished", outcome="measured", exit_code=0, message=None)
