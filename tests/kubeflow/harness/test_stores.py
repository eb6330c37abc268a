"""The stores move files as KFP's launcher does; the S3 one between here and SeaweedFS."""

import pytest

from components.errors import ComponentFailed, UsageError
from kubeflow.harness.folder_store import FolderStore
from kubeflow.harness.s3_store import S3Store
from tests.kubeflow.harness import tiny
from tests.kubeflow.harness.s3_server import BUCKET, CREDENTIALS

ROOT = f"s3://{BUCKET}/root"


@pytest.fixture(params=["folder", pytest.param("s3", marks=pytest.mark.slow)])
def store(request, tmp_path):
    if request.param == "folder":
        return FolderStore(tmp_path / "store")
    return S3Store(request.getfixturevalue("s3").endpoint, ROOT, CREDENTIALS)


@pytest.fixture
def artifact(tmp_path):
    folder = tmp_path / "artifact"
    (folder / "empty" / "more").mkdir(parents=True)
    (folder / "deep" / "er").mkdir(parents=True)
    (folder / "deep" / "er" / "bytes").write_bytes(bytes(range(256)) * 1000)
    (folder / "nothing").touch()
    (folder / "näme with space+&").write_text("x")
    return folder


def content(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("scheme", ["s3", "minio"])
def test_files_come_back_and_empty_folders_vanish(store, artifact, tmp_path, scheme):
    uri = f"{scheme}://{BUCKET}/root/{tmp_path.name}/model"
    store.upload(artifact, uri)
    store.upload(artifact, f"{uri}_run")
    store.download(uri, tmp_path / "back" / "model")

    assert content(tmp_path / "back") == {f"model/{name}": value for name, value in content(artifact).items()}
    assert not (tmp_path / "back" / "model" / "empty").exists()


def test_one_file_is_an_artifact_too(store, artifact, tmp_path):
    uri = f"s3://{BUCKET}/root/{tmp_path.name}/value"
    store.upload(artifact / "deep" / "er" / "bytes", uri)
    store.download(uri, tmp_path / "back")

    assert (tmp_path / "back").read_bytes() == (artifact / "deep" / "er" / "bytes").read_bytes()


def test_nothing_is_neither_stored_nor_fetched(store, tmp_path):
    uri = f"s3://{BUCKET}/root/{tmp_path.name}/none"
    store.upload(tmp_path / "none", uri)
    store.download(uri, tmp_path / "back")

    assert not (tmp_path / "back").exists()


@pytest.mark.slow
@pytest.mark.parametrize("marker", ["model/", "model/variables/"])
def test_an_object_that_stands_for_a_folder_breaks_the_download(s3, tmp_path, marker):
    place = f"root/{tmp_path.name}"
    s3.client.put_object(Bucket=BUCKET, Key=f"{place}/{marker}", Body=b"")
    s3.client.put_object(Bucket=BUCKET, Key=f"{place}/model/variables/index", Body=b"1")

    with pytest.raises(ComponentFailed, match="No object may stand for a folder"):
        S3Store(s3.endpoint, ROOT, CREDENTIALS).download(f"s3://{BUCKET}/{place}/model", tmp_path / "back" / "model")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("root", "changed", "message"),
    [
        ("s3://nobody/root", {}, "The bucket of the pipeline root must be there. Received: NoSuchBucket from"),
        (ROOT, {"AWS_SECRET_ACCESS_KEY": "x"}, "must take the credentials. Received: SignatureDoesNotMatch from"),
        (ROOT, {"AWS_ACCESS_KEY_ID": "x"}, "must take the credentials. Received: InvalidAccessKeyId from"),
    ],
)
def test_what_the_server_refuses_is_one_line_before_anything_runs(s3, root, changed, message):
    with pytest.raises(UsageError) as error:
        S3Store(s3.endpoint, root, CREDENTIALS | changed)

    assert message in str(error.value)


@pytest.mark.slow
def test_every_object_of_a_run_lies_where_kfp_puts_it(s3, tmp_path):
    from kubeflow.harness.run import Run

    store = S3Store(s3.endpoint, "s3://bucket/root", CREDENTIALS)
    run = Run(tiny.spec(), tmp_path / "home", store=store)

    assert run.start([f"folder={tmp_path / 'out'}"]) == "SUCCEEDED", run.steps
    (key,) = s3.keys("root/tiny/")
    root, pipeline, name, task, _, output, file = key.split("/")
    assert (root, pipeline, name, task, output, file) == ("root", "tiny", run.id, "make", "thing", "value.txt")
    assert not (tmp_path / "home" / "store").exists()


@pytest.mark.parametrize(
    ("endpoint", "root", "environment", "message"),
    [
        ("http://127.0.0.1:1", ROOT, {}, "Received: no AWS_ACCESS_KEY_ID. Credentials come from the environment only."),
        ("http://127.0.0.1:1", ROOT, {"AWS_ACCESS_KEY_ID": "k"}, "Received: no AWS_SECRET_ACCESS_KEY."),
        ("127.0.0.1:1", ROOT, CREDENTIALS, "The endpoint must be the URL of an S3 server. Received: 127.0.0.1:1."),
        ("http://", ROOT, CREDENTIALS, "The endpoint must be the URL of an S3 server. Received: http://."),
        (
            "http://127.0.0.1:1",
            "gs://b/root",
            CREDENTIALS,
            "a URI must begin with s3:// or minio:// and name a bucket.",
        ),
        ("http://127.0.0.1:1", "s3://", CREDENTIALS, "a URI must begin with s3:// or minio:// and name a bucket."),
    ],
)
def test_what_cannot_be_a_server_is_a_matter_of_usage(endpoint, root, environment, message):
    with pytest.raises(UsageError) as error:
        S3Store(endpoint, root, environment)

    assert message in str(error.value)


def test_a_server_that_does_not_answer_is_one_line():
    with pytest.raises(ComponentFailed) as error:
        S3Store("http://127.0.0.1:1", ROOT, CREDENTIALS)

    assert "The S3 server must answer. Received: http://127.0.0.1:1: Could not connect" in str(error.value)
