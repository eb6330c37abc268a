import json

from kubeflow.rewrite import artifact_types, commands, resolvers


def adapted(stock):
    spec = commands.with_entrypoint(artifact_types.titles(stock.spec), {})
    return resolvers.with_pointer(spec, "image:1", "push_destination")


def test_every_resolver_is_a_container_that_reads_the_pointer(stock):
    spec = adapted(stock)

    executors = spec["deploymentSpec"]["executors"]
    assert not [label for label, executor in executors.items() if "resolver" in executor]
    reader = executors["Resolver-model-resolver_executor"]["container"]
    assert reader["command"][-1] == "step.resolve"
    assert reader["image"] == "image:1"
    task = spec["root"]["dag"]["tasks"]["Resolver-model-resolver"]
    assert task["inputs"] == {"parameters": {"folder": {"componentInputParameter": "push_destination"}}}
    assert "cachingOptions" not in task


def test_the_resolver_of_the_blessing_that_nobody_takes_goes(stock):
    spec = adapted(stock)

    assert "Resolver-model-blessing-resolver" not in spec["root"]["dag"]["tasks"]
    assert "Resolver-model-blessing-resolver" not in spec["components"]
    assert "input" not in spec["components"]["Resolver-model-resolver"]["inputDefinitions"].get("artifacts", {})


def test_the_pushing_step_publishes_what_the_resolvers_ask_for(stock):
    spec = adapted(stock)

    args = spec["deploymentSpec"]["executors"]["Pusher_executor"]["container"]["args"]
    entries = [json.loads(arg.removeprefix("--publish=")) for arg in args if arg.startswith("--publish=")]
    assert sorted(entries, key=lambda entry: entry["name"]) == [
        {"name": "Resolver-model-resolver.model", "input": "model", "pushed": True},
        {
            "name": "previous_statistics.statistics",
            "input": "published_previous_statistics_statistics",
            "pushed": False,
        },
    ]
    task = spec["root"]["dag"]["tasks"]["Pusher"]
    assert task["inputs"]["artifacts"]["published_previous_statistics_statistics"] == {
        "taskOutputArtifact": {"producerTask": "StatisticsGen", "outputArtifactKey": "statistics"}
    }
    assert "StatisticsGen" in task["dependentTasks"]


def test_without_a_pushing_step_nothing_could_write_a_pointer(stock):
    spec = artifact_types.titles(stock.spec)
    del spec["root"]["dag"]["tasks"]["Pusher"]

    found = resolvers.with_pointer(spec, "image:1", "push_destination")

    assert found == resolvers.without_resolvers(spec)
    assert "previous" not in found["components"]["Compare"]["inputDefinitions"]["artifacts"]
    assert found["root"]["dag"]["tasks"]["Compare"]["dependentTasks"] == ["Count", "StatisticsGen"]
