"""Where a metadata store is, how to log in there, and ML Metadata's name for both.

>>> print(Location.of("mysql://slipway@db.example/metadata"))
mysql://slipway@db.example:3306/metadata
"""

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, quote, unquote, urlsplit

from components.errors import UsageError

if TYPE_CHECKING:
    from ml_metadata.proto import metadata_store_pb2

PASSWORD_VARIABLE = "SLIPWAY_STORE_PASSWORD"  # noqa: S105 (a name)
PASSWORD_FILE_VARIABLE = "SLIPWAY_STORE_PASSWORD_FILE"  # noqa: S105 (a name)
SQLITE, MYSQL, POSTGRESQL = "sqlite", "mysql", "postgresql"

_PORTS = {MYSQL: 3306, POSTGRESQL: 5432}
_FIX = "Give the path of an SQLite file, mysql://USER@HOST/DATABASE or postgresql://USER@HOST/DATABASE."
_SECRET_FIX = f"Put the password into ${PASSWORD_VARIABLE}, or into a file that ${PASSWORD_FILE_VARIABLE} names."


@dataclass(frozen=True)
class Location:
    """A metadata store. Its text never holds the password.

    Args:
        kind: `sqlite`, `mysql` or `postgresql`.
        path: The file, for SQLite.
        host: The server.
        port: Its port.
        database: The database on it.
        user: Who logs in.
        password: With what.
    """

    kind: str
    path: str = ""
    host: str = ""
    port: int = 0
    database: str = ""
    user: str = ""
    password: str = field(default="", repr=False)

    @classmethod
    def of(cls, where: "str | Path | metadata_store_pb2.ConnectionConfig") -> "Location":
        """Reads where a store is.

        Args:
            where: Path of an SQLite file; `mysql://USER@HOST[:PORT]/DATABASE` or `postgresql://...`, for which the
                password is read from the environment; or what ML Metadata itself is given.

        Raises:
            UsageError: It is none of these, or the URL holds a password, which logs and lists of processes would show.
        """
        if not isinstance(where, str | Path):
            return _of_config(where)
        scheme, separator, _ = str(where).partition("://")
        if not separator:
            return cls(SQLITE, path=str(where))
        if scheme not in _PORTS:
            raise UsageError("A metadata store is SQLite, MySQL or PostgreSQL.", received=f"{scheme}://", fix=_FIX)
        return _of_url(scheme, urlsplit(str(where)))

    def __str__(self) -> str:
        if self.kind == SQLITE:
            return self.path
        return f"{self.kind}://{quote(self.user)}@{self.host}:{self.port}/{quote(self.database)}"

    def config(self) -> "metadata_store_pb2.ConnectionConfig":
        """Returns what ML Metadata is given to write there; it makes a missing SQLite file, and missing tables."""
        from ml_metadata.proto import metadata_store_pb2

        config = metadata_store_pb2.ConnectionConfig()
        if self.kind == SQLITE:
            config.sqlite.filename_uri = self.path
            config.sqlite.connection_mode = metadata_store_pb2.SqliteMetadataSourceConfig.READWRITE_OPENCREATE
            return config
        server = config.mysql if self.kind == MYSQL else config.postgresql
        server.host = self.host
        # Whoever runs pipelines need not be allowed to make databases.
        server.skip_db_creation = True
        if self.kind == MYSQL:
            server.port, server.database = self.port, self.database
            server.user, server.password = self.user, self.password
        else:
            server.port, server.dbname = str(self.port), _quoted(self.database)
            server.user, server.password = _quoted(self.user), _quoted(self.password)
        return config


def _quoted(value: str) -> str:
    """Returns a value for libpq: ML Metadata puts it between spaces, as it is."""
    if not value or re.fullmatch(r"[\w.@:/-]+", value, re.ASCII):
        return value
    return "'" + re.sub(r"(['\\])", r"\\\1", value) + "'"


def _unquoted(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith("'") else value


def _of_config(config: "metadata_store_pb2.ConnectionConfig") -> Location:
    kind = config.WhichOneof("config")
    if kind == SQLITE:
        return Location(SQLITE, path=config.sqlite.filename_uri)
    if kind not in _PORTS:
        raise UsageError("A metadata store is SQLite, MySQL or PostgreSQL.", received=str(kind), fix=_FIX)
    server = config.mysql if kind == MYSQL else config.postgresql
    texts = [server.database if kind == MYSQL else server.dbname, server.user, server.password]
    database, user, password = texts if kind == MYSQL else map(_unquoted, texts)
    return Location(kind, "", server.host or "localhost", int(server.port or _PORTS[kind]), database, user, password)


def _of_url(scheme: str, url: SplitResult) -> Location:
    if url.password is not None:
        raise UsageError(
            "The URL of a metadata store holds no password.",
            received=f"{scheme}://{url.username or ''}:***@{url.hostname or ''}",
            fix=_SECRET_FIX,
        )
    try:
        port = url.port or _PORTS[scheme]
    except ValueError:
        raise UsageError(
            "The port of a store must be a number.", received=url.netloc.rpartition("@")[2], fix=_FIX
        ) from None
    database = unquote(url.path.strip("/"))
    if not database or not url.username:
        raise UsageError("The URL of a metadata store names a user and a database.", received=url.geturl(), fix=_FIX)
    return Location(scheme, "", url.hostname or "localhost", port, database, unquote(url.username), _password())


def _password() -> str:
    """Returns the password of the environment; empty where there is none, as a server may want none."""
    file = os.environ.get(PASSWORD_FILE_VARIABLE)
    if not file:
        return os.environ.get(PASSWORD_VARIABLE, "")
    try:
        return Path(file).read_text(encoding="utf-8").rstrip("\r\n")
    except OSError as error:
        raise UsageError(
            f"${PASSWORD_FILE_VARIABLE} names a file that can be read.", received=f"{file} ({error.strerror})"
        ) from None
