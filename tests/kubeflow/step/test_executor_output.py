import json

import pytest

from components.errors import ComponentFailed
from kubeflow.step import executor_output


@pytest.fixture
def artifacts(tmp_path):
    """A blessing about which nothing was said, and a number that is handed on as a value too."""
    from tfx.types import standard_artifacts

    blessing, count = standard_artifacts.ModelBlessing(), standard_artifacts.Integer()
    blessing.uri, count.uri = str(tmp_path / "blessing"), str(tmp_path / "count")
    count.value = 7
    count.write(7)
    return {"blessing": [blessing], "count": [count]}


def test_a_blessing_about_which_nothing_was_said_is_refused(artifacts):
    output = executor_output.executor_output(artifacts, [], {})

    assert output["artifacts"]["blessing"]["artifacts"][0]["metadata"]["blessed"] == 0


@pytest.mark.parametrize("blessed", [0, 1])
def test_what_was_said_about_a_blessing_stays(artifacts, blessed):
    artifacts["blessing"][0].set_int_custom_property("blessed", blessed)

    output = executor_output.executor_output(artifacts, [], {})

    assert output["artifacts"]["blessing"]["artifacts"][0]["metadata"]["blessed"] == blessed


def test_an_output_parameter_is_the_value_of_its_artifact(artifacts):
    assert executor_output.executor_output(artifacts, ["count"], {})["parameterValues"] == {"count": 7}


@pytest.mark.parametrize("key", ["blessing", "unknown"])
def test_an_output_parameter_without_a_value_is_an_error(artifacts, key):
    with pytest.raises(ComponentFailed, match=f"must be a value artifact. Received: {key}"):
        executor_output.executor_output(artifacts, [key], {})


def test_what_is_written_is_there_whole(tmp_path):
    file = tmp_path / "task" / "output_metadata.json"
    executor_output.write(str(file), {"artifacts": {}})

    assert json.loads(file.read_text()) == {"artifacts": {}}
    assert [path.name for path in file.parent.iterdir()] == ["output_metadata.json"]
