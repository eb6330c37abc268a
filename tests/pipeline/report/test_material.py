from pipeline.report.material import Material


def test_few_queries_however_many_nodes(recorder, monkeypatch):
    for number in range(2):
        nodes = [f"Node{place}" for place in range(2 + 8 * number)]
        for node in nodes:
            recorder.step(node, outputs=[("Examples", f"/{node}", {})], run=f"r{number}")
    counts = []
    for number in range(2):
        store = recorder.opened()
        asked = []
        monkeypatch.setattr(store._tables, "rows", counted(store._tables.rows, asked))
        material = Material(store, store.run(f"r{number}"))
        for node in material.executions:
            assert len(material.outputs(node)["out"]) == 1
            assert material.inputs(node) == {}
        counts.append(len(asked))
    assert counts[0] == counts[1]


def counted(rows, asked):
    def count(*arguments):
        asked.append(arguments)
        return rows(*arguments)

    return count


def test_the_model_is_the_pushed_one_else_the_trained_one(recorder):
    recorder.step("Trainer", outputs=[("Model", "/m", {})], run="r")
    store = recorder.opened()
    assert Material(store, store.run("r")).model.uri == "/m"
    recorder.step("Pusher", outputs=[("PushedModel", "/n", {"pushed": 0})], run="r")
    assert Material(store, store.run("r")).model.uri == "/m"
    recorder.step("Pusher", outputs=[("PushedModel", "/p", {"pushed": 1})], run="r")
    assert Material(store, store.run("r")).model.uri == "/p"


def test_a_run_of_the_home_tells_what_it_came_to(made_run):
    material = made_run.material()
    assert (material.state, material.goes_on) == ("pushed", False)
    (made_run.home.run("run-1") / "events.jsonl").write_text(
        '{"event": "launched", "time": 1, "run_id": "r", "task": "t"}\n'
    )
    material = made_run.material()
    assert (material.run.state, material.state, material.goes_on) == ("complete", "running", True)


def test_a_store_alone_tells_what_its_nodes_came_to(recorder):
    recorder.run("r", [("Gen", "complete"), ("Trainer", "failed")])
    store = recorder.opened()
    assert Material(store, store.run("r")).state == "failed"


def test_a_payload_is_there_or_it_is_not(made_run, recorder):
    material = made_run.material()
    paths = {artifact.type: material.path_of(artifact) for artifact in material.artifacts.values()}
    assert paths["ModelBlessing"] is None
    assert paths["Model"] == made_run.home.root / "pipelines" / "Model"


def test_a_name_of_a_store_leads_nowhere_else(recorder, made_run):
    recorder.run("../../etc", [("Gen", "complete")])
    store = recorder.opened()
    assert Material(store, store.run("../../etc"), made_run.home).folder is None
    recorder.run("..", [("Gen", "complete")])
    assert Material(store, store.run(".."), made_run.home).folder is None
