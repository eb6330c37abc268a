"""The manifests as kustomize renders them: valid for Kubernetes and KServe, restricted, what the compiler mounts."""

import copy
import json
import re
import shutil
import subprocess
from pathlib import Path

import jsonschema
import kubernetes_validate
import pytest
import yaml

from pipeline.cli import main
from pipeline.commands.submit import command as submit
from pipeline.kubeflow_config import KubeflowConfig

MANIFESTS = Path(__file__).resolve().parents[3] / "kubeflow" / "manifests"
OVERLAYS = ["overlays/dev", "overlays/prod", "overlays/gpu"]
ALL = [*OVERLAYS, "serving/kserve-s3", "object-store", "recurring"]
VERSION = "1.33"
KSERVE = json.loads(Path(__file__).with_name("inference_service.json").read_text())
(VOLUME,) = KubeflowConfig().volumes


def check(item):
    """Raises if an object is not valid, unknown fields included."""
    if item["apiVersion"].startswith("serving.kserve.io/"):
        jsonschema.validate(item, KSERVE)
    else:
        kubernetes_validate.validate(item, VERSION, strict=True)


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    """What kustomize makes of each folder, with what a person puts in."""
    if not shutil.which("kubectl"):
        pytest.skip("needs kubectl, whose `kustomize` renders the manifests: apt-get install kubernetes-client")
    folder = shutil.copytree(MANIFESTS, tmp_path_factory.mktemp("manifests") / "manifests")
    (folder / "object-store" / "keys.env").write_text("AWS_ACCESS_KEY_ID=id\nAWS_SECRET_ACCESS_KEY=secret\n")
    (folder / "recurring" / "pipeline.yaml").write_text("pipelineInfo: {name: taxi}\n")
    return {name: list(yaml.safe_load_all(kustomize(folder / name).stdout)) for name in ALL}


def kustomize(folder):
    command = ["kubectl", "kustomize", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def of_kind(items, kind):
    return [item for item in items if item["kind"] == kind]


def one(items, kind):
    (item,) = of_kind(items, kind)
    return item


def pods(rendered):
    return [
        item["spec"]["template"]["spec"]
        for items in rendered.values()
        for item in items
        if "template" in item.get("spec", {})
    ]


SOURCES = [
    path
    for path in sorted(MANIFESTS.rglob("*.yaml"))
    if path.name not in ("kustomization.yaml", "canary.yaml", "gpu.yaml", "pipeline.yaml")
]


@pytest.mark.parametrize("file", SOURCES, ids=lambda path: str(path.relative_to(MANIFESTS)))
def test_every_file_is_valid_before_kustomize(file):
    for item in yaml.safe_load_all(file.read_text()):
        check(item)


@pytest.mark.parametrize("name", ALL)
def test_every_rendered_object_is_valid_and_in_the_namespace(rendered, name):
    assert rendered[name]
    for item in rendered[name]:
        check(item)
        place = item["metadata"].get("namespace", item["metadata"]["name"])
        assert place == "slipway", item["metadata"]["name"]


@pytest.mark.parametrize(
    ("kind", "path", "value"),
    [
        ("Deployment", ("spec", "template", "spec", "containers", 0, "readinesProbe"), {}),
        ("Deployment", ("spec", "replicas"), "two"),
        ("PersistentVolumeClaim", ("spec", "accessMode"), ["ReadWriteMany"]),
        ("Role", ("rules", 0, "verb"), ["get"]),
        ("Service", ("spec", "ports", 0, "port"), "http"),
    ],
)
def test_a_wrong_field_is_refused(rendered, kind, path, value):
    item = copy.deepcopy(of_kind(rendered["overlays/dev"], kind)[0])
    *way, last = path
    place = item
    for key in way:
        place = place[key]
    place[last] = value
    with pytest.raises(kubernetes_validate.ValidationError):
        check(item)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("canaryTraffic", 10),
        ("canaryTrafficPercent", 110),
        ("minReplicas", "1"),
        ("tensorflow", {"storageUri": "pvc://x/y"}),
    ],
)
def test_a_wrong_field_of_kserve_is_refused(rendered, key, value):
    item = copy.deepcopy(one(rendered["overlays/prod"], "InferenceService"))
    item["spec"]["predictor"][key] = value
    with pytest.raises(jsonschema.ValidationError):
        check(item)


@pytest.mark.parametrize("name", OVERLAYS)
def test_the_claim_is_the_one_that_steps_mount(rendered, name):
    assert one(rendered[name], "PersistentVolumeClaim")["metadata"]["name"] == VOLUME.claim


@pytest.mark.parametrize("name", ["overlays/dev", "overlays/gpu"])
def test_the_server_reads_the_folder_that_the_pusher_fills(rendered, name):
    pod = one(rendered[name], "Deployment")["spec"]["template"]["spec"]
    (server,) = pod["containers"]
    claims = {volume["name"]: volume.get("persistentVolumeClaim", {}).get("claimName") for volume in pod["volumes"]}
    mounts = {mount["mountPath"]: claims[mount["name"]] for mount in server["volumeMounts"]}
    assert mounts[VOLUME.path] == VOLUME.claim
    assert f"--model_base_path={VOLUME.path}/serving/taxi" in server["args"]


def test_kserve_reads_the_claim_or_the_bucket(rendered):
    def place(name):
        return one(rendered[name], "InferenceService")["spec"]["predictor"]["model"]["storageUri"]

    assert place("overlays/prod").startswith(f"pvc://{VOLUME.claim}/")
    launcher = one(rendered["overlays/prod"], "ConfigMap")["data"]
    bucket = launcher["defaultPipelineRoot"].split("/")[2]
    assert place("serving/kserve-s3").startswith(f"s3://{bucket}/")


def test_a_new_release_begins_with_a_part_of_the_requests(rendered):
    predictor = one(rendered["overlays/prod"], "InferenceService")["spec"]["predictor"]
    assert 0 < predictor["canaryTrafficPercent"] < 100


def test_the_gpu_overlay_asks_for_a_gpu_and_the_others_do_not(rendered):
    def limits(name):
        return one(rendered[name], "Deployment")["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"]

    assert limits("overlays/gpu")["nvidia.com/gpu"] == 1
    assert "nvidia.com/gpu" not in limits("overlays/dev")
    pod = one(rendered["overlays/gpu"], "Deployment")["spec"]["template"]["spec"]
    assert pod["containers"][0]["image"].endswith("-gpu")
    assert {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"} in pod["tolerations"]


def test_every_pod_keeps_the_restricted_standard(rendered):
    found = pods(rendered)
    assert len(found) == 3
    for pod in found:
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod["automountServiceAccountToken"] is False
        for container in pod["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            assert "memory" in container["resources"]["limits"]
        allowed = {"configMap", "emptyDir", "persistentVolumeClaim", "projected", "secret"}
        assert all(set(volume) - {"name"} <= allowed for volume in pod["volumes"])


@pytest.mark.parametrize("name", OVERLAYS)
def test_every_account_and_role_that_is_named_is_there(rendered, name):
    items = rendered[name]
    accounts = {item["metadata"]["name"] for item in of_kind(items, "ServiceAccount")}
    roles = {item["metadata"]["name"] for item in of_kind(items, "Role")}
    for binding in of_kind(items, "RoleBinding"):
        assert binding["roleRef"]["name"] in roles
        # The last two are KFP's own.
        assert {s["name"] for s in binding["subjects"]} <= accounts | {"default-editor", "pipeline-runner"}
        assert {s["namespace"] for s in binding["subjects"]} == {"slipway"}
    assert {pod["serviceAccountName"] for pod in pods(rendered)} <= accounts
    assert all(
        "*" not in rule["verbs"] + rule["resources"] for role in of_kind(items, "Role") for rule in role["rules"]
    )


def test_launcher_role_and_server_name_the_secret_that_the_template_makes(rendered):
    secret, items = one(rendered["object-store"], "Secret"), rendered["overlays/prod"]
    name, s3 = secret["metadata"]["name"], yaml.safe_load(one(items, "ConfigMap")["data"]["providers"])["s3"]["default"]
    assert s3["credentials"]["secretRef"]["secretName"] == name
    assert {s3["credentials"]["secretRef"][key] for key in ("accessKeyKey", "secretKeyKey")} == set(secret["data"])
    assert secret["metadata"]["annotations"]["serving.kserve.io/s3-endpoint"] == s3["endpoint"]
    (readable,) = [r for role in of_kind(items, "Role") for r in role["rules"] if "secrets" in r["resources"]]
    assert readable["resourceNames"] == [name]
    assert {"name": name} in next(a for a in of_kind(items, "ServiceAccount") if "secrets" in a)["secrets"]


@pytest.mark.parametrize("name", OVERLAYS)
def test_the_guides_command_moves_everything_to_another_namespace(rendered, tmp_path, name):
    folder = shutil.copytree(MANIFESTS, tmp_path / "manifests")
    (command,) = re.findall(r"^grep -rl .*$", (MANIFESTS.parents[1] / "docs" / "kubeflow.md").read_text(), re.MULTILINE)
    subprocess.run(["sh", "-c", command.replace("NAMESPACE", "team")], cwd=folder, check=True)
    items = list(yaml.safe_load_all(kustomize(folder / name).stdout))
    places = {item["metadata"].get("namespace", item["metadata"]["name"]) for item in items}
    subjects = {subject["namespace"] for item in of_kind(items, "RoleBinding") for subject in item["subjects"]}
    assert places == subjects == {"team"}


def test_without_keys_nothing_is_made(rendered, tmp_path):
    folder = shutil.copytree(
        MANIFESTS / "object-store", tmp_path / "object-store", ignore=shutil.ignore_patterns("*.env")
    )
    answer = kustomize(folder)
    assert answer.returncode != 0
    assert "keys.env" in answer.stderr
    # The template as it is takes its values from the environment of who renders it: none.
    shutil.copy(folder / "keys.env.example", folder / "keys.env")
    assert not any(one(list(yaml.safe_load_all(kustomize(folder).stdout)), "Secret")["data"].values())


def test_the_example_of_a_schedule_uses_options_that_submit_has(rendered, capsys):
    (container,) = one(rendered["recurring"], "Job")["spec"]["template"]["spec"]["containers"]
    known = {option for parameter in submit.params for option in parameter.opts}
    assert container["command"][:2] == ["slipway", submit.name]
    assert {argument.split("=")[0] for argument in container["args"]} <= known
    variables = {parameter.envvar for parameter in submit.params if parameter.envvar}
    assert {"SLIPWAY_KFP_HOST", "SLIPWAY_KFP_NAMESPACE"} <= variables
    assert {v["name"] for v in container["env"]} <= variables | {"SLIPWAY_KFP_TOKEN_FILE"}
    assert main(["submit", "--help"]) == 0
    capsys.readouterr()


def test_no_secret_is_in_the_repository():
    (template,) = MANIFESTS.rglob("*.example")
    assert "=" not in template.read_text()
    assert not [path for path in SOURCES for item in yaml.safe_load_all(path.read_text()) if item["kind"] == "Secret"]
