"""A pipeline of plain Python steps, each a few milliseconds: make -> judge -> take if blessed, and an exit handler."""

import json

STEP = """
import json, os, pathlib, sys
given = json.loads(sys.argv[1])
root = os.environ["SLIPWAY_LAUNCHER_ROOT"]
def local(key, side):
    uri = given[side]["artifacts"][key]["artifacts"][0]["uri"]
    return pathlib.Path(root + "/s3/" + uri.removeprefix("s3://"))
values = given["inputs"]["parameterValues"]
def write(artifacts={}, **values):
    file = pathlib.Path(given["outputs"]["outputFile"])
    file.parent.mkdir(parents=True, exist_ok=True)
    found = {key: {"artifacts": [{"metadata": value}]} for key, value in artifacts.items()}
    file.write_text(json.dumps({"artifacts": found, "parameterValues": values}))
"""
MAKE = """
folder = local("thing", "outputs")
assert folder.parent.is_dir() and not folder.exists()
(folder / "empty").mkdir(parents=True)
(folder / "value.txt").write_text(str(values["value"]))
write({"thing": {"splits": ["a", "b"], "good": True}}, doubled=2 * values["value"])
"""
JUDGE = """
(artifact,) = given["inputs"]["artifacts"]["thing"]["artifacts"]
assert artifact["type"] == {"instanceSchema": ""}
assert artifact["metadata"]["splits"] == {"list": ["a", "b"]} and artifact["metadata"]["good"] == 1.0
assert [file.name for file in local("thing", "inputs").iterdir()] == ["value.txt"]
assert values["doubled"] == 2 * int((local("thing", "inputs") / "value.txt").read_text())
write({"blessing": {"blessed": int(values["doubled"] > values["least"])}})
"""
TAKE = """
tries = pathlib.Path(values["folder"], "tries")
tries.mkdir(parents=True, exist_ok=True)
(tries / str(len(list(tries.iterdir())))).touch()
sys.exit("not yet") if len(list(tries.iterdir())) < values["attempts"] else write()
"""
HANDLE = """
pathlib.Path(values["folder"]).mkdir(parents=True, exist_ok=True)
pathlib.Path(values["folder"], "status.json").write_text(values["status"])
"""


def artifact(title="tfx.Thing"):
    return {"artifactType": {"schemaTitle": title, "schemaVersion": "0.0.1"}}


def parameters(**types):
    return {name: {"parameterType": kind} for name, kind in types.items()}


def output(producer, key, kind="Artifact"):
    return {f"taskOutput{kind}": {"producerTask": producer, f"output{kind}Key": key}}


def parent(name):
    return {"componentInputParameter": name}


def spec():
    """Returns the PipelineSpec, free to change."""
    blessed = "inputs.artifacts['blessing'].artifacts[0].metadata['blessed'] == 1.0"
    steps = {
        "make": {"inputs": {"parameters": {"value": parent("value")}}, "cachingOptions": {"enableCache": True}},
        "judge": {
            "inputs": {
                "artifacts": {"thing": output("make", "thing")},
                "parameters": {"doubled": output("make", "doubled", "Parameter"), "least": parent("least")},
            },
            "cachingOptions": {"enableCache": True},
        },
        "take": {
            "inputs": {
                "artifacts": {"blessing": output("judge", "blessing")},
                "parameters": {"folder": parent("folder"), "attempts": parent("attempts")},
            },
            "triggerPolicy": {"condition": blessed},
            "retryPolicy": {"maxRetryCount": 2, "backoffDuration": "0s"},
        },
        "after": {"dependentTasks": ["take"], "inputs": {"parameters": {"folder": parent("folder")}}},
    }
    kinds = parameters(value="NUMBER_INTEGER", least="NUMBER_DOUBLE", folder="STRING", attempts="NUMBER_INTEGER")
    defaults = {"value": 3, "least": 1.5, "folder": "/nowhere", "attempts": 1}
    inner = {"inputs": {"parameters": {name: parent(name) for name in kinds}}}
    handler = {
        "inputs": {
            "parameters": {"status": {"taskFinalStatus": {"producerTask": "inner"}}, "folder": parent("folder")}
        },
        "dependentTasks": ["inner"],
        "triggerPolicy": {"strategy": "ALL_UPSTREAM_TASKS_COMPLETED"},
    }
    code = {
        "make": MAKE,
        "judge": JUDGE,
        "take": TAKE,
        "after": HANDLE.replace('values["status"]', "'{}'"),
        "handler": HANDLE,
    }
    declared = {
        "make": ({"parameters": parameters(value="NUMBER_INTEGER")}, {"thing": artifact()}),
        "judge": (
            {
                "artifacts": {"thing": artifact()},
                "parameters": parameters(doubled="NUMBER_INTEGER", least="NUMBER_DOUBLE"),
            },
            {"blessing": artifact("tfx.ModelBlessing")},
        ),
        "take": (
            {
                "artifacts": {"blessing": artifact("tfx.ModelBlessing")},
                "parameters": parameters(folder="STRING", attempts="NUMBER_INTEGER"),
            },
            {},
        ),
        "after": ({"parameters": parameters(folder="STRING")}, {}),
        "handler": ({"parameters": parameters(status="STRING", folder="STRING")}, {}),
    }
    components = {
        f"comp-{name}": {
            "executorLabel": f"exec-{name}",
            "inputDefinitions": taken,
            "outputDefinitions": {"artifacts": made},
        }
        for name, (taken, made) in declared.items()
    }
    components["comp-make"]["outputDefinitions"]["parameters"] = parameters(doubled="NUMBER_INTEGER")
    components["comp-inner"] = {"dag": {"tasks": _named(steps)}, "inputDefinitions": {"parameters": kinds}}
    return {
        "schemaVersion": "2.1.0",
        "pipelineInfo": {"name": "tiny"},
        "defaultPipelineRoot": "s3://bucket/root",
        "root": {
            "dag": {"tasks": _named({"inner": inner, "handler": handler})},
            "inputDefinitions": {
                "parameters": {name: {**kind, "defaultValue": defaults[name]} for name, kind in kinds.items()}
            },
        },
        "components": components,
        "deploymentSpec": {
            "executors": {
                f"exec-{name}": {"container": {"image": "image:1", "command": ["python", "-c", STEP + text, "{{$}}"]}}
                for name, text in code.items()
            }
        },
    }


def _named(steps):
    return {
        name: {**task, "taskInfo": {"name": name}, "componentRef": {"name": f"comp-{name}"}}
        for name, task in json.loads(json.dumps(steps)).items()
    }
