import pytest

from pipeline import cli
from pipeline.commands import compare_optimizers, compare_variants
from pipeline.comparison.launch import ComparisonOrder


@pytest.mark.parametrize(
    ("module", "arguments", "order"),
    [
        (compare_optimizers, ["compare-optimizers"], ComparisonOrder("optimizers", "taxi")),
        (
            compare_optimizers,
            ["compare-optimizers", "drums", "--optimizers", "adam", "--epochs", "2", "--json", "--debug"],
            ComparisonOrder("optimizers", "drums", names="adam", epochs=2, as_json=True, debug=True),
        ),
        (compare_variants, ["compare-variants", "stamps"], ComparisonOrder("variants", "stamps")),
        (
            compare_variants,
            ["compare-variants", "stamps", "--variants", "a,b", "--seeds", "5", "--home", "h", "--set", "x=1"],
            ComparisonOrder("variants", "stamps", "h", ("x=1",), "a,b", 5),
        ),
    ],
)
def test_what_is_typed_becomes_an_order(monkeypatch, module, arguments, order):
    orders = []
    monkeypatch.setattr(module, "launch", lambda order: orders.append(order) or 0)
    assert cli.main(arguments) == 0
    assert orders == [order]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["compare-variants"], "Missing argument 'TASK'"),
        (["compare-variants", "taxi"], "A task must have variants to compare. Received: task=taxi"),
        (["compare-variants", "stamps", "--variants", "bath"], "Did you mean 'both'?"),
        (["compare-variants", "stamps", "--seeds", "0"], "0 is not in the range x>=1"),
        (["compare-optimizers", "stamps"], "a recipe of 2 stages. Set training.recipe=[]."),
    ],
)
def test_bad_usage_is_one_line_and_exit_code_2(capsys, tmp_path, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    assert cli.main(arguments) == 2
    _, err = capsys.readouterr()
    assert words in err
    assert err.count("\n") == 1
    assert not any(tmp_path.iterdir())
