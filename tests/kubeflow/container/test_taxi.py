"""The project's image, built by its own Dockerfile, and each step of the compiled taxi pipeline run inside it.

make test-container
make test-container SLIPWAY_CONTAINERS=folder     keeps the layers there and uses them again
"""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
import yaml

from kubeflow.harness.run import Run
from kubeflow.harness.step import RUNNING
from pipeline.cli import main
from tests.conftest import ROOT
from tests.kubeflow.container.pod import UID, Image, Pods
from tests.kubeflow.container.store import Store, require_programs, require_space

pytestmark = [pytest.mark.container, pytest.mark.slow, pytest.mark.timeout(3000)]

TAG = "localhost/slipway:test"
PUSHED = "/slipway/serving/taxi"


def say(what, start):
    print(f"container: {what}: {time.monotonic() - start:.0f} s", flush=True)


@pytest.fixture(scope="module")
def store():
    require_programs()
    kept = os.environ.get("SLIPWAY_CONTAINERS")
    # Always the same, so that the next run removes what a killed one has left.
    folder = Path(kept or Path(tempfile.gettempdir()) / "slipway-containers")
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        store = Store(folder)
        if folder.exists():
            store.close(keep=bool(kept))
        folder.mkdir(parents=True, exist_ok=True)
        try:
            require_space(folder)
            build(store, [] if kept else ["--layers=false"])
            yield store
        finally:
            store.close(keep=bool(kept))


def build(store, options):
    start = time.monotonic()
    store.open()
    say("base image", start)
    arguments = ["--engine", "buildah", "--tag", TAG, "--pull=never", *options]
    command = ["make", "image", f"PYTHON={sys.executable}", f"ARGS={' '.join(arguments)}"]
    start = time.monotonic()
    subprocess.run(command, cwd=ROOT, env={**os.environ, **store.environment}, check=True, timeout=1800)
    say("image", start)


@pytest.fixture(scope="module")
def built_from():
    """The revision that the image is built from; asked for before it is."""
    command = ["git", "rev-parse", "HEAD"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture(scope="module")
def pods(store, tmp_path_factory):
    volume = tmp_path_factory.mktemp("volume")
    volume.chmod(0o755)
    os.chown(volume, UID, UID)
    container = store.buildah("from", "--pull-never", TAG)
    config = store.config(TAG)
    image = Image(Path(store.buildah("mount", container)), config["Env"], config["WorkingDir"])
    yield Pods(image, volume, tmp_path_factory.mktemp("bundles"))
    store.buildah("rm", container)


def answer(pods, folder, *command):
    """Returns exit code and output of a command in the image."""
    with (folder / "output.txt").open("w") as output:
        status = pods.run(list(command), folder / "pod", output)
    return status, (folder / "output.txt").read_text()


def test_the_image_says_what_it_was_made_of_and_nothing_of_the_machine_that_made_it(built_from, store):
    config = store.config(TAG)
    lock = hashlib.sha256((ROOT / "requirements" / "glibc-2.39.txt").read_bytes()).hexdigest()
    assert config["Labels"]["slipway.lock.digest"] == f"sha256:{lock}"
    assert config["Labels"]["org.opencontainers.image.revision"].removesuffix("-dirty") == built_from
    assert config["User"] == f"{UID}:{UID}"
    assert "Entrypoint" not in config
    assert not [line for line in map(json.dumps, config["history"]) if "index-url" in line or "//" in line]


def test_the_image_holds_neither_repository_nor_tests_nor_settings(pods):
    root = pods.image.root
    found = {path.name for path in (root / "opt" / "slipway").iterdir()}
    assert found.isdisjoint({".git", ".venv", ".slipway", "tests", "docs", "requirements"})
    assert not list(root.glob("etc/pip*"))
    assert not list(root.glob("run/secrets/*"))
    assert not list((root / "opt" / "venv" / "bin").glob("pytest"))


def test_a_step_has_no_rights_no_network_and_nothing_to_write_to(pods, tmp_path):
    script = "id -u; grep -E 'CapBnd|CapEff|NoNewPrivs|Seccomp:' /proc/self/status; grep -c : /proc/net/dev; ! touch /x"
    status, output = answer(pods, tmp_path, "sh", "-c", script)
    assert status == 0
    uid, *rights, interfaces, refused = output.splitlines()
    assert uid == str(UID)
    assert {line.split()[0]: int(line.split()[1], 16) for line in rights} == {
        "CapEff:": 0,
        "CapBnd:": 0,
        "NoNewPrivs:": 1,
        "Seccomp:": 2,
    }
    assert interfaces == "1", "only the loopback"
    assert "Read-only file system" in refused


def test_every_step_of_taxi_runs_inside_the_image_and_the_model_is_served(pods, tmp_path):
    from pipeline.tasks.taxi.data import prepare

    data, file = pods.volume / "data" / "taxi", tmp_path / "taxi.yaml"
    prepare(data, csv_path=None, rows=3000, shards=1, seed=0)
    for path in pods.volume.rglob("*"):
        os.chown(path, UID, UID)
    command = ["compile", "taxi", "--image", TAG, "--pipeline-root", "s3://bucket/root", "-o", str(file)]
    assert main([*command, "--set", "kubeflow.retries=0"]) == 0
    spec = next(yaml.safe_load_all(file.read_text()))

    def watch(step):
        if step.state != RUNNING:
            print(f"container: {step.name} {step.state}: {step.seconds:.0f} s", flush=True)

    start = time.monotonic()
    run = Run(spec, tmp_path / "home", watch, start=pods)
    lenient = ["epochs=1", "auc_lower=0.5", "calibration_lower=0", "calibration_upper=100"]

    assert run.start(lenient) == "SUCCEEDED", {name: step.message for name, step in run.steps.items()}

    say("taxi", start)
    assert {step.state for step in run.steps.values()} == {"SUCCEEDED"}
    assert len(pods.started) == len(run.steps)
    assert all(str(tmp_path) not in part for started in pods.started for part in started)
    (version,) = [path for path in (pods.volume / "serving" / "taxi").iterdir() if path.name.isdecimal()]
    assert (version / "saved_model.pb").stat().st_uid == UID

    # As the server sees it: the version's folder alone, moved to where only the volume is.
    (kept,) = (tmp_path / "home" / "store").rglob("reference_predictions.json")
    shutil.copy(kept, pods.volume)
    shutil.copy(Path(__file__).with_name("serve.py"), pods.volume)
    start = time.monotonic()
    status, output = answer(pods, tmp_path, "python", "/slipway/serve.py", f"{PUSHED}/{version.name}", "/slipway")
    assert status == 0, output
    told = json.loads(output.splitlines()[-1])
    say(f"served {told['rows']} rows, difference {told['difference']:.1e}", start)
    assert told["rows"] > 0
    # The same graph on the same machine; only the order of additions may differ.
    assert told["difference"] < 1e-5
