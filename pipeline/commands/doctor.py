"""slipway doctor: what is wrong here, and what mends it."""

from pathlib import Path

import click

from pipeline import doctor
from pipeline.commands import options


@click.command("doctor")
@options.home
@click.option("--deep", is_flag=True, help="Also import TensorFlow and TFX, which takes half a minute.")
@options.as_json
@options.debug
def command(home: str | None, deep: bool, as_json: bool) -> int:
    """Check this machine and this environment, and say how to mend them.

    Exits with 1 if something is broken.
    """
    return doctor.run(Path(home) if home else None, deep, as_json)
