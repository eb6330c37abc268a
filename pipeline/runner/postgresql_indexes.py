"""Lets ML Metadata keep long texts on PostgreSQL.

Its indexes there hold whole texts, and PostgreSQL refuses index rows of more than 2,704 bytes; the configuration of a
node is longer (google/ml-metadata#194). On MySQL they hold the first 255 characters; after `shorten` here too.
"""

from typing import Any

from ml_metadata.metadata_store import metadata_store

from components.errors import UsageError
from pipeline.lineage.connection import POSTGRESQL, Location

CHARACTERS = 255

_TABLES = {"artifact": "ArtifactProperty", "context": "ContextProperty", "execution": "ExecutionProperty"}


def shorten(location: Location) -> None:
    """Makes the indexes of a store hold the beginnings of texts; does nothing twice, nor to a store of another kind.

    Args:
        location: The store. Its tables are made if it has none.

    Raises:
        UsageError: The indexes are another user's.
    """
    if location.kind != POSTGRESQL:
        return
    metadata_store.MetadataStore(location.config())
    from pg8000 import dbapi

    connection = dbapi.connect(
        host=location.host,
        port=location.port,
        user=location.user,
        password=location.password,
        database=location.database,
    )
    try:
        for kind, table in _TABLES.items():
            _shorten(connection.cursor(), f"idx_{kind}_property_string", table)
        connection.commit()
    except dbapi.DatabaseError as error:
        raise UsageError(
            "ML Metadata's indexes on PostgreSQL must hold the beginnings of texts only.",
            received=f"{location} ({error.args[0].get('M', error)})",
            fix="Let the owner of the tables run a pipeline once.",
        ) from None
    finally:
        connection.close()


def _shorten(cursor: Any, index: str, table: str) -> None:
    cursor.execute("SELECT indexdef FROM pg_indexes WHERE schemaname = current_schema() AND indexname = %s", (index,))
    if any("left" in definition.lower() for (definition,) in cursor.fetchall()):
        return
    cursor.execute(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE")
    cursor.execute(f"DROP INDEX IF EXISTS {index}")
    cursor.execute(f'CREATE INDEX {index} ON {table} (name, is_custom_property, "left"(string_value, {CHARACTERS}))')
