"""Opens a metadata store for reading."""

from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2

from components.errors import UsageError

_READ_ONLY = metadata_store_pb2.SqliteMetadataSourceConfig.READONLY
_URLS = ("mysql", "postgresql")
_FIX = (
    "Give the path of an SQLite file, mysql://USER:PASSWORD@HOST/DATABASE or postgresql://USER:PASSWORD@HOST/DATABASE."
)


def open_store(location: str) -> metadata_store.MetadataStore:
    """Opens a store that exists; never makes one, never changes its schema.

    Args:
        location: Path of an SQLite file, or a URL that starts with `mysql://` or `postgresql://`.

    Raises:
        UsageError: There is no store, or it is not one that this ML Metadata can read.
    """
    try:
        return metadata_store.MetadataStore(_connection(location))
    except RuntimeError as error:
        raise UsageError(
            "The metadata store must be one that this ML Metadata can read.",
            received=f"{_without_password(location)} ({_reason(error)})",
            fix=_FIX,
        ) from None


def _connection(location: str) -> metadata_store_pb2.ConnectionConfig:
    config = metadata_store_pb2.ConnectionConfig()
    scheme, separator, _ = location.partition("://")
    if not separator:
        if not Path(location).is_file():
            raise UsageError(
                "There must be a metadata store to look at.", received=f"{location} (no such file)", fix=_FIX
            )
        config.sqlite.filename_uri = location
        config.sqlite.connection_mode = _READ_ONLY
        return config
    if scheme not in _URLS:
        raise UsageError("A metadata store is SQLite, MySQL or PostgreSQL.", received=f"{scheme}://", fix=_FIX)
    _fill(config, scheme, urlsplit(location))
    return config


def _fill(config: metadata_store_pb2.ConnectionConfig, scheme: str, url: SplitResult) -> None:
    try:
        port = url.port
    except ValueError:
        raise UsageError(
            "The port of a store must be a number.", received=url.netloc.rpartition("@")[2], fix=_FIX
        ) from None
    server = config.mysql if scheme == "mysql" else config.postgresql
    server.host = url.hostname or "localhost"
    server.user, server.password = unquote(url.username or ""), unquote(url.password or "")
    server.skip_db_creation = True
    if scheme == "mysql":
        server.database, server.port = url.path.lstrip("/"), port or 3306
    else:
        server.dbname, server.port = url.path.lstrip("/"), str(port or 5432)


def _reason(error: RuntimeError) -> str:
    """Returns what went wrong without the statement that it went wrong in."""
    return str(error).strip().removeprefix("Error when executing query: ").split(" query: ")[0].rstrip(".")


def _without_password(location: str) -> str:
    secret = urlsplit(location).password if "://" in location else None
    return location.replace(f":{secret}@", ":***@") if secret else location
