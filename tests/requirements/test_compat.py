"""The module that tensorflow-data-validation 1.16.1 imports and tfx-bsl 1.21 no longer has."""

import importlib.metadata
import importlib.util
from pathlib import Path

import lock_choice
import pytest

SOURCE = Path(lock_choice.__file__).parent / "compat" / "tfx_bsl" / "arrow" / "sql_util.py"
OLDER_TFDV = importlib.metadata.version("tensorflow-data-validation").startswith("1.16.")


@pytest.fixture
def sql_util():
    spec = importlib.util.spec_from_file_location("sql_util_source", SOURCE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_slicing_by_sql_is_refused_with_the_query(sql_util):
    with pytest.raises(sql_util.SqlSlicingUnavailable, match=r"Received: sql='SELECT 1'\."):
        sql_util.RecordBatchSQLSliceQuery("SELECT 1", None)


def test_the_refusal_is_not_one_that_tfdv_swallows(sql_util):
    assert not issubclass(sql_util.SqlSlicingUnavailable, RuntimeError)


@pytest.mark.skipif(not OLDER_TFDV, reason="only tensorflow-data-validation 1.16 needs the module")
def test_the_installed_module_is_this_one():
    installed = importlib.metadata.distribution("slipway-tfx-bsl-compat").locate_file("tfx_bsl/arrow/sql_util.py")

    assert Path(str(installed)).read_text() == SOURCE.read_text()


@pytest.mark.skipif(not OLDER_TFDV, reason="only tensorflow-data-validation 1.16 needs the module")
def test_statistics_sliced_by_sql_fail_instead_of_dropping_the_slice():
    import pyarrow as pa
    from tensorflow_data_validation.utils import slicing_util
    from tfx_bsl.arrow import sql_util as installed

    slicing = slicing_util.GenerateSlicesSqlDoFn(["SELECT STRUCT(fare) FROM example.fare"])
    slicing.setup()

    with pytest.raises(installed.SqlSlicingUnavailable):
        list(slicing.process(pa.RecordBatch.from_arrays([pa.array([[1.0]])], ["fare"])))
