"""TFX's connection to ML Metadata for several processes that write to one SQLite file."""

from contextlib import ExitStack
from types import TracebackType
from typing import Self

from ml_metadata.proto import metadata_store_pb2
from tfx.orchestration import metadata

from pipeline.lineage.connection import POSTGRESQL
from pipeline.runner.metadata_lock import locked
from pipeline.runner.postgresql_store import PostgresqlStore


class SharedMetadata(metadata.Metadata):
    """Lets one process at a time into a store on SQLite; the others wait. On PostgreSQL, texts may hold backslashes.

    Args:
        connection_config: The connection.
    """

    def __init__(self, connection_config: metadata_store_pb2.ConnectionConfig) -> None:
        super().__init__(connection_config)
        self._database = connection_config.sqlite.filename_uri
        self._held = ExitStack()

    def __enter__(self) -> Self:
        if self._users == 0:
            self._held.enter_context(locked(self._database))
        super().__enter__()
        if self._connection_config.WhichOneof("config") == POSTGRESQL:
            self._store = PostgresqlStore(self._connection_config)
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        exc_tb: TracebackType | None = None,
    ) -> None:
        super().__exit__(exc_type, exc_value, exc_tb)
        if self._users == 0:
            self._held.close()
