"""`slipway doctor`: what is wrong with this environment, and the command that mends it.

Nothing here imports a package that is not a part of Python; what must be loaded to be judged is loaded in another
process. It runs on Python 3.10 too, to be able to say that this is too old.
"""

import os
import shutil
import sys
from pathlib import Path

from pipeline.doctor.checks import judge
from pipeline.doctor.probes import gather
from pipeline.doctor.report import as_json as render_json
from pipeline.doctor.report import as_table
from pipeline.doctor.row import Row, worst

__all__ = ["Row", "examine", "run"]


def examine(home: Path | None = None, deep: bool = False) -> list[Row]:
    """Checks the environment.

    Args:
        home: The home directory; None takes `$SLIPWAY_HOME`, else `.slipway`. It is not made if it does not exist.
        deep: Whether everything a run uses is really imported (a minute); else only native libraries are loaded.
    """
    return judge(gather(home, deep))


def run(home: Path | None = None, deep: bool = False, as_json: bool = False) -> int:
    """Checks the environment and prints the outcome.

    Args:
        home: As for `examine`.
        deep: As for `examine`.
        as_json: Whether JSON is printed, not a table.

    Returns:
        The exit code: 1 if something is broken, else 0.
    """
    if deep and sys.stderr.isatty():
        print("Importing everything a run uses: about a minute.", file=sys.stderr)
    rows = examine(home, deep)
    color = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    print(
        render_json(rows) if as_json else as_table(rows, width=shutil.get_terminal_size((100, 24)).columns, color=color)
    )
    return 1 if worst(rows) == "broken" else 0
