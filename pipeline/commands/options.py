"""Options that several commands have."""

import click

from components.errors import UsageError


def _set_debug(context: click.Context, _parameter: click.Parameter, value: bool) -> None:
    # There is no Settings object when a command is called by another program, such as a test.
    if value and context.obj is not None:
        context.obj.debug = True


def _pair(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator:
        raise UsageError("`--with` is written INPUT=VALUE.", received=text)
    return name, value


home = click.option(
    "--home", metavar="DIR", help="Home directory.  [default: $SLIPWAY_HOME, else .slipway]", type=click.Path()
)
overrides = click.option(
    "--set",
    "overrides",
    metavar="KEY=VALUE",
    multiple=True,
    help="Override a value of the task's configuration, such as training.epochs=2. Can be given many times.",
)
debug = click.option(
    "--debug",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_set_debug,
    help="Show the traceback of an error.",
)
others = click.option(
    "--with",
    "others",
    metavar="INPUT=VALUE",
    multiple=True,
    callback=lambda _context, _parameter, values: dict(map(_pair, values)),
    help="Value of another input of the model, such as caption='a red bus'.",
)
limit = click.option(
    "--limit", type=click.IntRange(min=1), default=50, show_default=True, help="How many at most, the latest first."
)
before_id = click.option(
    "--before", type=click.IntRange(min=1), metavar="ID", help="Only older ones than this: the next page."
)
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
store = click.option(
    "--store",
    metavar="STORE",
    envvar="SLIPWAY_STORE",
    help="Metadata store: an SQLite file, mysql://USER@HOST/DATABASE or postgresql://USER@HOST/DATABASE; the password "
    "comes from $SLIPWAY_STORE_PASSWORD or the file $SLIPWAY_STORE_PASSWORD_FILE.  [default: $SLIPWAY_STORE, else the "
    "home's]",
)
