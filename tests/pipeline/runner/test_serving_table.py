"""What a person sees of ServingCheck: measures, failures and what was not run; of the rest how many they are."""

from io import StringIO

from rich.console import Console

from components.serving_check.result import MEASURED, Check, Result, not_run
from pipeline.runner.serving_table import serving_table

ROWS = Result(
    (
        Check("serving_default", "batch", "finite", "finite", "finite numbers", passed=True),
        Check("serving_default", "single", MEASURED[1], "1.20 ms in 50 calls", "up to 1000 ms", passed=True),
        Check("serving_default", "batch", "shapes", "p is [5], not [5, 1]", "5 rows", passed=False),
        not_run("equals the Trainer's over REST", "no tensorflow_model_server on PATH"),
    )
).as_dicts()


def test_what_passed_is_counted_and_the_rest_is_shown():
    file = StringIO()
    Console(file=file, width=160).print(serving_table(ROWS))
    lines = [" ".join(line.split()) for line in file.getvalue().splitlines()]
    assert lines == [
        "Signature Check Seen Allowed Passed",
        "serving_default single: median latency 1.20 ms in 50 calls up to 1000 ms yes",
        "serving_default batch: shapes p is [5], not [5, 1] 5 rows no",
        "- equals the Trainer's over REST no tensorflow_model_server on PATH - not run",
        "1 other checks passed",
    ]
