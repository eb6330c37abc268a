import pytest

from pipeline.runner.state import Epoch, RunState, Step, apply, fold

LAUNCHED = {"event": "launched", "time": 100.0, "run_id": "r", "task": "taxi"}
STARTED = {"event": "run_started", "time": 110.0, "run_id": "r", "task": "taxi", "nodes": ["Gen", "Trainer", "Pusher"]}


def node_started(node, time=111.0):
    return {"event": "node_started", "time": time, "node": node}


def node_finished(node, state="complete", **fields):
    return {"event": "node_finished", "time": 115.0, "node": node, "state": state, "seconds": 4.0, **fields}


def run_finished(outcome, exit_code, time=120.0, **fields):
    return {"event": "run_finished", "time": time, "outcome": outcome, "exit_code": exit_code, **fields}


def epoch(number, node="Trainer"):
    fields = {"epoch": number, "epochs": 3, "metrics": {"loss": 1 / number}}
    return {"event": "epoch", "node": node, "time": 112.0, **fields}


def step(number, of_epoch):
    fields = {"epoch": of_epoch, "epochs": 3, "step": number, "steps": 250, "metrics": {"loss": 0.5}}
    return {"event": "step", "node": "Trainer", "time": 112.0, **fields}


@pytest.mark.parametrize(
    ("events", "states"),
    [
        ([], {"Gen": "waiting", "Trainer": "waiting", "Pusher": "waiting"}),
        ([node_started("Gen")], {"Gen": "running", "Trainer": "waiting", "Pusher": "waiting"}),
        ([node_started("Gen"), node_finished("Gen")], {"Gen": "complete", "Trainer": "waiting", "Pusher": "waiting"}),
        ([node_finished("Gen", "cached")], {"Gen": "cached", "Trainer": "waiting", "Pusher": "waiting"}),
        ([node_finished("Gen", "skipped")], {"Gen": "skipped", "Trainer": "waiting", "Pusher": "waiting"}),
        (
            [node_started("Gen"), node_finished("Gen", "failed"), run_finished("failed", 1)],
            {"Gen": "failed", "Trainer": "not run", "Pusher": "not run"},
        ),
        (
            [node_started("Gen"), run_finished("failed", 1)],
            {"Gen": "failed", "Trainer": "not run", "Pusher": "not run"},
        ),
        (
            [node_finished("Gen"), node_started("Trainer"), run_finished("interrupted", 130)],
            {"Gen": "complete", "Trainer": "interrupted", "Pusher": "not run"},
        ),
        ([node_started("Extra")], {"Gen": "waiting", "Trainer": "waiting", "Pusher": "waiting", "Extra": "running"}),
    ],
)
def test_states_of_the_nodes(events, states):
    state = fold([LAUNCHED, STARTED, *events])
    assert {node.id: node.state for node in state.nodes.values()} == states


def test_nodes_keep_the_order_in_which_they_run():
    assert list(fold([STARTED, node_started("Pusher"), node_started("Gen")]).nodes) == ["Gen", "Trainer", "Pusher"]


def test_the_elapsed_seconds_of_a_node_run_until_it_ends():
    state = fold([STARTED, node_started("Gen", time=111.0)])
    assert state.nodes["Gen"].elapsed(now=113.5) == 2.5
    assert state.nodes["Trainer"].elapsed(now=113.5) is None
    assert apply(state, node_finished("Gen")).nodes["Gen"].elapsed(now=500.0) == 4.0


def test_a_node_that_the_end_of_the_run_cut_off_has_its_seconds():
    state = fold([STARTED, node_started("Gen", time=111.0), run_finished("failed", 1, time=118.0)])
    assert state.nodes["Gen"].seconds == 7.0


def test_the_elapsed_seconds_of_the_run_start_at_the_launch_and_stop_at_the_end():
    state = fold([LAUNCHED, STARTED])
    assert state.elapsed(now=130.0) == 30.0
    assert apply(state, run_finished("pushed", 0)).elapsed(now=500.0) == 20.0
    assert RunState().elapsed(now=5.0) == 0.0


def test_the_startup_lasts_until_the_first_node():
    state = fold([LAUNCHED, STARTED])
    assert state.startup is None
    assert fold([LAUNCHED, STARTED, node_started("Gen", 112.0), node_started("Trainer", 115.0)]).startup == 12.0


def test_an_epoch_belongs_to_its_node():
    state = fold([STARTED, node_started("Gen"), node_started("Trainer"), epoch(1), epoch(2)])
    assert state.nodes["Trainer"].epoch == Epoch(2, 3, {"loss": 0.5})
    assert state.nodes["Gen"].epoch is None


def test_an_epoch_of_another_node_that_trains_goes_to_that_node():
    running = [STARTED, node_started("Gen"), node_started("Trainer"), epoch(1, "Gen")]
    assert fold(running).nodes["Gen"].epoch.number == 1
    assert fold(running).nodes["Trainer"].epoch is None


@pytest.mark.parametrize("node", [{"node": "prepare"}, {}], ids=["no node of the run", "no node"])
def test_what_trains_outside_of_the_run_is_ignored(node):
    state = fold([STARTED])
    without = {key: value for key, value in epoch(1).items() if key != "node"}
    assert apply(state, {**without, **node}) == state


def test_a_step_is_where_the_trainer_is_until_its_epoch_ends():
    state = fold([STARTED, node_started("Trainer"), epoch(1), step(40, of_epoch=2), step(120, of_epoch=2)])
    assert state.nodes["Trainer"].step == Step(2, 3, 120, 250, {"loss": 0.5})
    assert state.nodes["Trainer"].epoch.number == 1
    assert apply(state, epoch(2)).nodes["Trainer"].step is None


def test_the_last_step_stays_where_a_training_was_interrupted():
    trains = [STARTED, node_started("Trainer"), step(120, of_epoch=1)]
    assert fold([*trains, run_finished("interrupted", 130)]).nodes["Trainer"].step.number == 120
    assert fold([*trains, node_finished("Trainer", "failed")]).nodes["Trainer"].step is None


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (
            {"event": "evaluation", "rows": [{"metric": "AUC"}], "blessed": False},
            {"evaluation": ({"metric": "AUC"},), "blessed": False},
        ),
        (
            {"event": "serving_check", "rows": [{"rule": "memory"}], "passed": True},
            {"serving_check": ({"rule": "memory"},)},
        ),
        ({"event": "refused", "rows": [{"feature": "fare"}]}, {"refused": ({"feature": "fare"},)}),
        ({"event": "warned", "rows": [{"feature": "fare"}]}, {"warned": ({"feature": "fare"},)}),
        ({"event": "notice", "message": "Digits."}, {"notices": ("Digits.",)}),
        ({"event": "pushed", "version": 17, "path": "/s/17"}, {"version": "17", "pushed_to": "/s/17"}),
        (
            run_finished("refused", 3, message="No."),
            {"outcome": "refused", "exit_code": 3, "message": "No.", "finished": 120.0},
        ),
    ],
)
def test_what_events_say_of_the_run(event, expected):
    state = apply(RunState(), event)
    assert {name: getattr(state, name) for name in expected} == expected


@pytest.mark.parametrize("name", ["", "node_paused", "RUN_STARTED"])
def test_an_event_of_an_unknown_kind_changes_nothing(name):
    state = fold([LAUNCHED, STARTED])
    assert apply(state, {"event": name, "time": 1.0}) is state


def test_apply_leaves_the_state_before_it_as_it_was():
    before = fold([LAUNCHED, STARTED])
    apply(before, node_started("Gen"))
    assert before.nodes["Gen"].state == "waiting"
