import pytest

from kubeflow.step import executor_input

SPEC = {"artifacts": {"examples": {"artifactType": {"schemaTitle": "tfx.Examples", "schemaVersion": "0.0.1"}}}}


def given(artifact, key="examples", **values):
    return {
        "inputs": {"artifacts": {key: {"artifacts": [artifact]}}, "parameterValues": values},
        "outputs": {"artifacts": {}, "outputFile": "/tmp/out.json"},
    }


def adapted(artifact, key="examples", spec=SPEC, **options):
    found = executor_input.adapted(given(artifact, key), spec, options.pop("classes", {}), **options)
    return found["inputs"]["artifacts"][key]["artifacts"][0]


@pytest.mark.parametrize("kind", [None, {}, {"instanceSchema": ""}])
def test_an_artifact_without_type_gets_that_of_the_inputs_spec(kind):
    artifact = {"uri": "s3://b/x", **({} if kind is None else {"type": kind})}

    assert adapted(artifact)["type"] == {"schemaTitle": "tfx.Examples", "schemaVersion": "0.0.1"}


@pytest.mark.parametrize("kind", [{"schemaTitle": "tfx.Model"}, {"instanceSchema": "title: tfx.Model"}])
def test_a_type_that_is_given_stays(kind):
    assert adapted({"uri": "x", "type": kind})["type"] == kind


def test_a_custom_type_is_the_class_behind_its_title():
    found = adapted({"uri": "x", "type": {"schemaTitle": "a.Note"}}, classes={"a.Note": "project.module.Note"})

    assert found["type"]["schemaTitle"] == "project.module.Note"


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("gs://bucket/a/b", "/gcs/bucket/a/b"),
        ("s3://bucket/a", "/s3/bucket/a"),
        ("minio://mlpipeline/v2/artifacts/a", "/minio/mlpipeline/v2/artifacts/a"),
        ("/pvc/a", "/pvc/a"),
    ],
)
def test_uris_become_the_launchers_paths_on_kfp_only(uri, path):
    assert adapted({"uri": uri})["uri"] == path
    assert adapted({"uri": uri}, local=False)["uri"] == uri


def test_metadata_come_out_of_their_wrappings():
    metadata = {
        "split_names": {"list": ["train", "eval"]},
        "nested": {"struct": {"a": {"list": [1, {"struct": {"b": 2}}]}}},
        "plain": {"list": "not one"},
        "blessed": 1,
        "nothing": None,
        "display_name": "examples",
        "store_session_info": "secret",
    }

    assert adapted({"uri": "x", "metadata": metadata})["metadata"] == {
        "split_names": ["train", "eval"],
        "nested": {"a": [1, {"b": 2}]},
        "plain": {"list": "not one"},
        "blessed": 1,
    }


@pytest.mark.parametrize("artifacts", [[], [{"uri": "x", "metadata": {"slipway_absent": 1}}]])
def test_an_artifact_that_stands_for_none_is_none(artifacts):
    value = given({})
    value["inputs"]["artifacts"]["examples"]["artifacts"] = artifacts

    assert executor_input.adapted(value, SPEC, {})["inputs"]["artifacts"] == {}


def test_every_artifact_has_a_name():
    assert adapted({"uri": "x"})["name"] == "examples"
    assert adapted({"uri": "x", "name": "projects/1"})["name"] == "projects/1"


def test_placeholders_that_the_launcher_left_are_filled_and_others_stay():
    text = '{"a": {{$.inputs.parameters[\'n\']}}, "b": "{{$.inputs.parameters[\'t\']}}", "c": "{{$.other}}"}'
    value = given({"uri": "x"}, text=text, n=4.0, t='say "hi"', whole=7)

    found = executor_input.adapted(value, SPEC, {})["inputs"]["parameterValues"]

    assert found["text"] == '{"a": 4, "b": "say \\"hi\\"", "c": "{{$.other}}"}'
    assert (found["whole"], found["n"]) == (7, 4.0)


def test_what_is_given_is_not_changed():
    value = given({"uri": "s3://b/x", "metadata": {"a": {"list": [1]}}})
    executor_input.adapted(value, SPEC, {})

    assert value == given({"uri": "s3://b/x", "metadata": {"a": {"list": [1]}}})
