"""The one module of tfx-bsl 1.16 that tensorflow-data-validation 1.16.1 still imports.

tensorflow-data-validation 1.16.1 is the newest release whose wheel runs on glibc older than 2.39. It imports
`tfx_bsl.arrow.sql_util` at the top of its statistics code, for slicing by SQL query only, and tfx-bsl 1.21, which TFX
1.21 needs, no longer has the module. Without it `import tensorflow_data_validation` fails; with it everything works
but `experimental_slice_sqls`, which TFX never uses and which raises here.
"""

from typing import Any


class SqlSlicingUnavailable(Exception):
    """Statistics were asked to slice by SQL.

    Not a RuntimeError (so not a NotImplementedError either): TFDV takes one for a query that does not fit a batch, logs
    it, and files all rows under an invalid slice.
    """


class RecordBatchSQLSliceQuery:
    """Stands for tfx-bsl's native class and refuses to be made.

    Args:
        sql: The query.
        arrow_schema: The schema of the record batches that it would slice.

    Raises:
        SqlSlicingUnavailable: Always.
    """

    def __init__(self, sql: str, arrow_schema: Any) -> None:
        raise SqlSlicingUnavailable(
            "Statistics cannot be sliced by SQL: tfx-bsl 1.21 dropped it, as TFDV 1.21 did. Received: "
            f"sql={sql!r}. Slice by feature values instead: StatsOptions(experimental_slice_functions=...)."
        )
