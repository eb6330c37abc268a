"""The main job: python local_runner.py [TASK] [options]. The same as `slipway run`."""

import sys

from pipeline.cli import main
from pipeline.commands.run import command

if __name__ == "__main__":
    sys.exit(main(command=command, name="local_runner.py"))
