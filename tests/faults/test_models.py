"""Models that must never be served, made by the real taxi pipeline: each is refused, and the last good one stays."""

from collections.abc import Callable, Iterator

import pytest
from world import Vehicle, World

pytestmark = pytest.mark.slow

SMALL = (
    ("data.params", '{"rows": 1500, "shards": 1, "seed": 0, "csv_path": null}'),
    ("training.epochs", "1"),
    ("evaluation.thresholds", '{"AUC": {"lower": 0.1}}'),
)


def run(world: World, *more: tuple[str, str], change: str | None = None):
    changed = [item for key, value in (*SMALL, *more) for item in ("--set", f"{key}={value}")]
    return world.start("run", "taxi", "--quiet", *changed, change=change)


def refused(world: World) -> int:
    """Returns how many models ServingCheck has refused."""
    return len([*world.home.pipelines("taxi").glob("ServingCheck/blessing/*/INFRA_NOT_BLESSED")])


@pytest.fixture(scope="module")
def taxi(tmp_path_factory: pytest.TempPathFactory, vehicle: Vehicle) -> Iterator[World]:
    """A home in which a good model is served, and in which a good run still succeeds after all others."""
    made = World(tmp_path_factory.mktemp("taxi"), vehicle)
    first = run(made)
    assert first.wait() == 0, first.text
    yield made
    last = run(made, ("training.seed", "9"))
    assert last.wait() == 0, last.text
    assert len(made.versions("taxi")) == 2
    assert made.leftovers("taxi") == []


@pytest.mark.parametrize(
    ("kind", "overrides", "change", "code"),
    [
        ("a loss that is NaN", [("training.model.build", "nan_model.build_model")], None, 1),
        # The Evaluator cannot load it either.
        ("a vocabulary not exported", [("training.seed", "2")], "no_vocabulary", 1),
        ("a signature of another dtype", [("training.seed", "3")], "wrong_dtype", 4),
        ("a model over its latency", [("serving.max_latency_ms", "0.001")], None, 4),
    ],
)
def test_a_bad_model_is_not_pushed(
    taxi: World,
    fault: Callable[[str], None],
    kind: str,
    overrides: list[tuple[str, str]],
    change: str | None,
    code: int,
) -> None:
    fault(kind)
    served, before = taxi.versions("taxi"), refused(taxi)
    command = run(taxi, *overrides, change=change)
    assert command.wait() == code, command.text
    assert len(command.text.splitlines()) == 1
    assert refused(taxi) == before + (kind != "a loss that is NaN")
    assert taxi.versions("taxi") == served
    shown = taxi.start("show", taxi.latest_run().name)
    assert shown.wait() == 0, shown.text
    assert taxi.processes() == []
