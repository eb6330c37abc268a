"""slipway ui: the pages of runs in a browser."""

import os
import re
import secrets
import socket
from pathlib import Path

import click

from components.errors import UsageError
from pipeline.commands import options
from pipeline.home import Home
from pipeline.report.server import TOKEN, Server, is_loopback
from pipeline.report.views import Views

TOKEN_VARIABLE = "SLIPWAY_UI_TOKEN"  # noqa: S105 (a name)

_SHORTEST_TOKEN = 16
_BYTES = 24


@click.command("ui")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen at.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="The port; 0 takes a free one."
)
@click.option(
    "--token-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help=f"A file with the token that a browser has to show.  [default: ${TOKEN_VARIABLE}]",
)
@options.home
@options.store
@options.debug
def command(host: str, port: int, token_file: Path | None, home: str | None, store: str | None) -> None:
    """Show runs in a browser: the pages that `slipway report` writes, read anew while a run goes on.

    Only this machine reaches it, and nothing can be changed there. At another --host a browser has to show a token: the
    one given, else one that is made up and printed.

    \b
    Examples:
      slipway ui
      slipway ui --port 0 --store other/metadata.db
    """  # noqa: D301 (click wants the character)
    views = Views(store, Home.at(home) if store else Home.existing(home))
    given = _given(token_file)
    try:
        local = is_loopback(host)
        token = given or (None if local else secrets.token_urlsafe(_BYTES))
        server = Server(host, port, views, token)
    except (socket.gaierror, OSError, OverflowError) as error:
        fix = "Name another with --host, or --port 0 for a free port."
        reason = getattr(error, "strerror", None) or error
        received = f"{host} port {port} ({reason})"
        raise UsageError("It must be possible to listen there.", received=received, fix=fix) from None
    with server:
        click.echo(f"{server.url}{f'?{TOKEN}={token}' if token and not given else ''}")
        click.echo("Ctrl-C ends it.")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return


def _given(file: Path | None) -> str | None:
    """Returns the token of the file or of the environment: on the command line every user of the machine could see it.

    Raises:
        UsageError: It is too short, or cannot stand in a cookie.
    """
    token = file.read_text().strip() if file else os.environ.get(TOKEN_VARIABLE) or None
    if token is not None and not re.fullmatch(rf"[A-Za-z0-9_.~-]{{{_SHORTEST_TOKEN},}}", token):
        rule = f"A token has {_SHORTEST_TOKEN} or more letters, digits, `-`, `_`, `.` or `~`."
        received = f"one of {len(token)} characters"
        raise UsageError(rule, received=received, fix="`openssl rand -hex 24` makes one.")
    return token
