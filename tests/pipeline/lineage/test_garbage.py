import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.lineage import Store, garbage
from pipeline.lineage.connection import Location
from pipeline.lineage.garbage import kept_runs, plan, remove
from tests.pipeline.conftest import Recorder

DAY = 86_400


class Project:
    """A store whose artifacts have folders, 8 bytes each."""

    def __init__(self, folder):
        self.root = folder / "pipelines"
        self.root.mkdir()
        self.recorder = Recorder(folder / "metadata.db")
        self.uris = {}

    def step(self, node, inputs=(), kinds=("Model",), run="run-1", **properties):
        """Runs a node; an output is given by its type, or is an artifact that comes from the cache."""
        outputs = [kind if isinstance(kind, int) else self._output(node, kind, properties) for kind in kinds]
        cached = any(isinstance(kind, int) for kind in kinds)
        made = self.recorder.step(node, inputs, outputs, state="cached" if cached else "complete", run=run)
        self.uris |= {one.id: Path(one.uri) for one in self.recorder.store.get_artifacts_by_id(made)}
        return made

    def _output(self, node, kind, properties):
        folder = self.root / "taxi" / node / str(len(list(self.root.rglob("data"))))
        folder.mkdir(parents=True)
        (folder / "data").write_bytes(b"12345678")
        return (kind, folder, properties)

    def plan(self, count):
        with Store.open(self.recorder.path) as store:
            return plan(store, self.root, kept_runs(store.runs(), count, None, 0))

    def collect(self, count=0):
        found = self.plan(count)
        remove(Location.of(self.recorder.path), found)
        return found

    def gone(self):
        return {number for number, uri in self.uris.items() if not uri.exists()}

    def state(self, number):
        return self.recorder.store.get_artifacts_by_id([number])[0].state


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path)


DELETED, LIVE = 4, 2


def test_only_what_a_kept_run_needs_stays(project):
    [data] = project.step("Gen", kinds=["Examples"])
    [old] = project.step("Trainer", [data])
    project.step("Gen", kinds=[data], run="run-2")
    [new] = project.step("Trainer", [data], run="run-2")
    found = project.collect(count=1)
    assert ([one.artifact.id for one in found.payloads], found.bytes, found.kept) == ([old], 8, 2)
    assert project.gone() == {old}
    assert [project.state(number) for number in (data, old, new)] == [LIVE, DELETED, LIVE]
    assert project.collect(count=1).payloads == ()


@pytest.mark.parametrize(("kind", "good", "bad"), [("ModelBlessing", "blessed", None), ("PushedModel", "pushed", None)])
def test_what_was_blessed_or_pushed_stays_with_all_it_was_made_of(project, kind, good, bad):
    [data] = project.step("Gen", kinds=["Examples"])
    [model] = project.step("Trainer", [data])
    [verdict] = project.step("Judge", [model], [kind], **{good: 1})
    [other] = project.step("Trainer", [data])
    [against] = project.step("Judge", [other], [kind], **{good: 0})
    project.collect()
    assert project.gone() == {other, against}
    assert {data, model, verdict}.isdisjoint(project.gone())


def test_a_run_that_goes_on_and_an_execution_of_no_run_stay(project):
    [going] = project.step("Trainer")
    project.recorder.run("run-1", [("Evaluator", "running")])
    [unknown] = project.step("Trainer", run=None)
    [old] = project.step("Trainer", run="run-2")
    project.collect()
    assert project.gone() == {old}
    assert going != unknown


def test_runs_are_kept_by_number_of_each_pipeline_or_by_age(recorder):
    for number in range(4):
        recorder.run(f"run-{number}", [("Gen", "complete")], pipeline="taxi" if number < 3 else "other")
    with Store.open(recorder.path) as store:
        runs, now = store.runs(), store.run("run-1").started
    assert kept_runs(runs, 1, None, now) == {"run-3", "run-2"}
    assert kept_runs(runs, 0, 0, now) == {run.id for run in runs if run.started >= now}
    assert len(kept_runs(runs, None, 1, now)) == 4
    assert kept_runs(runs, None, 1, now + 2 * DAY) == set()


def test_nothing_outside_the_root_is_touched(project, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (project.root / "link").symlink_to(outside)
    inner = project.root / "up" / "x"
    inner.mkdir(parents=True)
    places = [
        outside,
        project.root / "link",
        project.root,
        f"{inner}/../../../outside",
        "gs://bucket/x",
        "relative",
        "",
    ]
    project.recorder.step("Gen", outputs=[("Examples", place, {}) for place in places], run="run-1")
    assert project.plan(0).payloads == ()


def test_a_payload_that_lies_in_or_around_a_needed_one_stays(project):
    [old] = project.step("Trainer", run="run-1")
    place = project.uris[old]
    (place / "inner").mkdir()
    new = [("Model", place / "inner", {}), ("Model", place, {})]
    project.recorder.step("Trainer", outputs=new, run="run-2")
    assert project.plan(1).payloads == ()
    found = project.plan(0)
    assert [(one.path, one.bytes) for one in found.payloads] == [(place, 8), (place, 0), (place / "inner", 0)]
    project.collect()
    assert {project.state(number) for number in (1, 2, 3)} == {DELETED}


@pytest.mark.parametrize("moment", ["mark", "rename", "remove"])
def test_what_was_killed_midway_is_finished_by_the_next_time(project, monkeypatch, moment):
    [data] = project.step("Gen", kinds=["Examples"], run="run-1")
    olds = [project.step("Trainer", [data], run="run-1")[0] for _ in range(3)]
    [new] = project.step("Trainer", [data], run="run-2")
    real, calls = {"mark": garbage._mark, "rename": Path.rename, "remove": shutil.rmtree}[moment], []

    def killed(*args, **named):
        calls.append(args)
        if moment == "mark":
            real(*args, **named)
        if moment == "mark" or len(calls) == 2:
            raise KeyboardInterrupt
        return real(*args, **named)

    with monkeypatch.context() as patched:
        patched.setattr(
            *{"mark": (garbage, "_mark"), "rename": (Path, "rename"), "remove": (shutil, "rmtree")}[moment], killed
        )
        with pytest.raises(KeyboardInterrupt):
            project.collect(count=1)
    assert {project.state(number) for number in olds} == {DELETED}
    found = project.collect(count=1)
    assert len(found.leftovers) == (moment == "remove")
    assert found.bytes == {"mark": 24, "rename": 16, "remove": 16}[moment]
    assert project.gone() == {*olds}
    assert not list(project.root.rglob(".deleted-*"))
    assert [project.state(number) for number in (data, new)] == [LIVE, LIVE]


STEPS = st.tuples(
    st.integers(0, 3),  # the run
    st.sets(st.integers(0, 9), max_size=3),  # what it reads, of what there is
    st.sampled_from([("Model",), ("Model", "Examples"), ("blessed",), ("unblessed",), ("pushed",), "cached"]),
)


@pytest.mark.slow
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, min_size=1, max_size=9), count=st.integers(0, 2))
def test_nothing_that_is_needed_is_ever_removed(tmp_path_factory, steps, count):
    project = Project(tmp_path_factory.mktemp("project"))
    made, whole, needed = [], {}, set()
    for run, reads, kinds in sorted(steps, key=lambda step: step[0]):
        inputs = sorted({made[number % len(made)] for number in reads}) if made else []
        if kinds == "cached" and not made:
            continue
        outputs = _outputs(project, run, inputs, kinds, made, whole)
        if {*kinds} & {"blessed", "pushed"}:
            needed |= _closure([*inputs, *outputs], whole)
        whole.setdefault(f"run-{run}", set()).update([*inputs, *outputs])
        made += [number for number in outputs if number not in made]
    runs = sorted((name for name in whole if isinstance(name, str)), reverse=True)[:count]
    needed |= {number for run in runs for number in _closure(whole[run], whole)}
    project.collect(count)
    assert project.gone() == {*made} - needed
    assert {number for number in made if project.state(number) == DELETED} == project.gone()


def _outputs(project, run, inputs, kinds, made, whole):
    """Writes the execution; of each artifact that it makes it notes what was read and made together."""
    if kinds == "cached":
        return project.step("Node", inputs, [made[-1]], run=f"run-{run}")
    flags = {"blessed": {"blessed": 1}, "unblessed": {"blessed": 0}, "pushed": {"pushed": 1}}.get(kinds[0], {})
    types = {"blessed": "ModelBlessing", "unblessed": "ModelBlessing", "pushed": "PushedModel"}
    outputs = project.step("Node", inputs, [types.get(kind, kind) for kind in kinds], run=f"run-{run}", **flags)
    for number in outputs:
        whole[number] = {*inputs, *outputs}
    return outputs


def _closure(numbers, whole):
    found, waiting = set(), list(numbers)
    while waiting:
        number = waiting.pop()
        if number not in found:
            found.add(number)
            waiting += whole[number]
    return found
