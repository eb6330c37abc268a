"""`python -m pipeline.doctor`: the doctor for an environment in which even the `slipway` command does not start."""

import argparse
import sys
from pathlib import Path

from pipeline.doctor import run


def main() -> int:
    """Reads the options, checks the environment, and returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m pipeline.doctor", description="Checks this environment.")
    parser.add_argument("--home", type=Path, help="the home directory (default: $SLIPWAY_HOME, else .slipway)")
    parser.add_argument("--deep", action="store_true", help="really import everything a run uses (a minute)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    arguments = parser.parse_args()
    return run(arguments.home, arguments.deep, arguments.json)


if __name__ == "__main__":
    sys.exit(main())
