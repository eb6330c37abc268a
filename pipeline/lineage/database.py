"""Reads the tables of ML Metadata, as its schema of version 10 has them, and writes nothing.

ML Metadata's own client knows no question such as "the contexts of these executions": it asks once for each, and 1.21
can no longer be given a filter. A thousand runs then cost tens of thousands of queries, and half a second goes into
the import of the client.
"""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import quote

from components.errors import UsageError
from pipeline.lineage.connection import MYSQL, PASSWORD_FILE_VARIABLE, PASSWORD_VARIABLE, POSTGRESQL, SQLITE, Location

SCHEMA_VERSION = 10

BACKSLASH = "\N{FULLWIDTH REVERSE SOLIDUS}"
"""What stands for a backslash on PostgreSQL, where ML Metadata writes none: `pipeline/runner/postgresql_store.py`."""

# SQLite reads at most 999 parameters where it is old.
_AT_ONCE = 900
_SECONDS = 10
_LIST = "(*)"

Row = tuple[Any, ...]


class Database:
    """A store's tables, read only: SQLite as such a file, the servers in sessions that refuse to write.

    Two builds of SQLite in one process undo each other's locks: a process that writes to a file through ML Metadata has
    to close what it has open here, or read in another process.

    Args:
        location: Where it is.

    Raises:
        UsageError: There is none, nobody may log in, or it is not of this version of the schema.
    """

    def __init__(self, location: Location) -> None:
        self._location = location
        self._lists = "?" if location.kind == SQLITE else "%s"
        self._errors, connect = _DRIVERS[location.kind]()
        try:
            self._connection = connect(location)
        except self._errors as error:
            self._fail(error)
        try:
            self._check()
        except UsageError:
            self.close()
            raise

    def close(self) -> None:
        """Closes the connection."""
        self._connection.close()

    def rows(self, query: str, *parameters: Any) -> list[Row]:
        """Returns the rows of a query.

        Args:
            query: With `?` for each parameter.
            *parameters: Their values.
        """
        cursor = self._connection.cursor()
        try:
            cursor.execute(query.replace("?", self._lists), parameters)
            # All at once: SQLite keeps writers out only while rows are being read.
            rows = list(cursor.fetchall())
        except self._errors as error:
            self._fail(error)
        finally:
            cursor.close()
        return [tuple(map(_backslashed, row)) for row in rows] if self._location.kind == POSTGRESQL else rows

    def rows_of(self, query: str, values: Iterable[Any], *parameters: Any, after: Sequence[Any] = ()) -> list[Row]:
        """Returns the rows of a query with a list that may be long or empty: some hundred values are asked for at once.

        Args:
            query: With `(*)` where the list belongs.
            values: The list.
            *parameters: The values of each `?` before it.
            after: The values of each `?` after it.
        """
        wanted = list(dict.fromkeys(values))
        parts = (wanted[start : start + _AT_ONCE] for start in range(0, len(wanted), _AT_ONCE))
        return [
            row
            for part in parts
            for row in self.rows(query.replace(_LIST, f"({_marks(part)})"), *parameters, *part, *after)
        ]

    def _check(self) -> None:
        found = self.rows("SELECT schema_version FROM MLMDEnv")
        if [tuple(row) for row in found] != [(SCHEMA_VERSION,)]:
            raise UsageError(
                f"A metadata store must have the schema of ML Metadata 1.17 and 1.21, version {SCHEMA_VERSION}.",
                received=f"{self._location} (version {', '.join(str(row[0]) for row in found) or 'unknown'})",
                fix="Read it with the version that wrote it, or let ML Metadata migrate a copy of an older one.",
            )

    def _fail(self, error: Exception) -> NoReturn:
        fix = f"The password comes from ${PASSWORD_VARIABLE}, or from the file that ${PASSWORD_FILE_VARIABLE} names."
        raise UsageError(
            "The metadata store must be one that can be read.",
            received=f"{self._location} ({_reason(error)})",
            fix=None if self._location.kind == SQLITE else fix,
        ) from None


def _backslashed(value: Any) -> Any:
    return value.replace(BACKSLASH, "\\") if isinstance(value, str) else value


def _marks(values: Sequence[Any]) -> str:
    return ",".join("?" * len(values))


def _reason(error: Exception) -> str:
    if getattr(error, "sqlite_errorname", "") == "SQLITE_READONLY_ROLLBACK":
        return "its writer was killed within a transaction; the next one to write to it undoes that"
    told = error.args[0] if error.args else ""
    # pg8000 tells the fields of PostgreSQL's answer, PyMySQL a number and a text.
    if isinstance(told, dict):
        return str(told.get("M", told))
    text = str(error.args[1] if len(error.args) > 1 else error)
    return "it is no ML Metadata store" if "no such table" in text else text.rstrip(".")


_Driver = tuple[tuple[type[Exception], ...], Callable[[Location], Any]]


def _sqlite() -> _Driver:
    return (sqlite3.Error,), open_sqlite


def open_sqlite(location: Location) -> sqlite3.Connection:
    """Opens a file that exists for reading, without a lock and without a migration.

    Raises:
        UsageError: There is no such file.
    """
    path = Path(location.path)
    if not path.is_file():
        raise UsageError(
            "There must be a metadata store to look at.",
            received=f"{path} (no such file)",
            fix="--store takes the path of an SQLite file, mysql://USER@HOST/DATABASE or postgresql://USER@HOST/DATABASE.",
        )
    return sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=_SECONDS, isolation_level=None)


def _mysql() -> _Driver:
    import pymysql

    def connect(location: Location) -> Any:
        connection = pymysql.connect(**_login(location), charset="utf8mb4", autocommit=True, connect_timeout=_SECONDS)
        with connection.cursor() as cursor:
            cursor.execute("SET SESSION TRANSACTION READ ONLY")
        return connection

    # A server that wants a plugin which is not installed makes PyMySQL say so in another way.
    return (pymysql.Error, RuntimeError, OSError), connect


def _postgresql() -> _Driver:
    from pg8000 import dbapi

    def connect(location: Location) -> Any:
        connection = dbapi.connect(**_login(location), timeout=_SECONDS)
        connection.autocommit = True
        connection.cursor().execute("SET default_transaction_read_only = on")
        return connection

    return (dbapi.Error, OSError), connect


def _login(location: Location) -> dict[str, Any]:
    names = ("host", "port", "user", "password", "database")
    return {name: getattr(location, name) for name in names}


_DRIVERS: dict[str, Callable[[], _Driver]] = {SQLITE: _sqlite, MYSQL: _mysql, POSTGRESQL: _postgresql}
