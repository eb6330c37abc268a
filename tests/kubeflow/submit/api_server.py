"""A stand-in for KFP's API server on loopback: the REST calls of `kfp.Client`, refused where the real one refuses."""

import graphlib
import json
import threading
import uuid
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import yaml
from google.protobuf import json_format
from kfp.pipeline_spec import pipeline_spec_pb2

from kubeflow import checks
from kubeflow.spec import component_of, tasks

API = "/apis/v2beta1"


class Refused(Exception):
    """An answer other than 200, in the words of grpc-gateway."""

    def __init__(self, status, message):
        super().__init__(message)
        self.status = status


class ApiServer:
    """What the server knows.

    Args:
        token: The bearer token that it wants; None lets everybody in.
        namespaces: Those that the user may use, None for a server of one user.
    """

    def __init__(self, token=None, namespaces=None):
        self.token, self.namespaces = token, namespaces
        self.experiments, self.pipelines, self.versions, self.runs, self.recurring = {}, {}, {}, {}, {}
        self.calls = []
        self.ends = {}
        """Task to the state that it ends in; the others succeed."""
        self.outage = 0
        """How many questions about runs get no proper answer."""
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                server.handle(self, "GET")

            def do_POST(self):
                server.handle(self, "POST")

            def log_message(self, *_):
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.host = f"http://127.0.0.1:{self._http.server_port}"

    def __enter__(self):
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    def handle(self, request, method):
        url = urlsplit(request.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        self.calls.append(f"{method} {url.path}")
        try:
            status, answer = 200, self._answer(method, url.path, query, body, request.headers)
        except Refused as refusal:
            status, answer = refusal.status, {"error": str(refusal), "code": 3, "message": str(refusal), "details": []}
        text = json.dumps(answer).encode()
        request.send_response(status)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(len(text)))
        request.end_headers()
        request.wfile.write(text)

    def _answer(self, method, path, query, body, headers):
        if self.token and headers.get("authorization") != f"Bearer {self.token}":
            raise Refused(401, "Unauthenticated: Request header error: there is no valid token")
        if path == f"{API}/healthz":
            return {"multi_user": self.namespaces is not None}
        name = path.removeprefix(f"{API}/")
        if name in ("pipelines/upload", "pipelines/upload_version"):
            upload = self._upload if name.endswith("upload") else self._upload_version
            return upload(query, _uploaded(headers, body))
        known = {"experiments": self._experiments, "pipelines": self._pipelines, "runs": self._runs}
        known["recurringruns"] = self._recurring_runs
        kind, _, rest = name.partition("/")
        if not path.startswith(API) or kind not in known:
            raise Refused(404, "Not Found")
        return known[kind](method, rest, query, json.loads(body) if body else {})

    def _check_namespace(self, namespace):
        if self.namespaces is None and namespace:
            raise Refused(400, "In single-user mode, the namespace must be empty")
        if self.namespaces is not None and namespace not in self.namespaces:
            raise Refused(403, f"User 'somebody' is not authorized in namespace '{namespace}'")

    def _experiments(self, method, _rest, query, body):
        if method == "GET":
            self._check_namespace(query.get("namespace"))
            found = [item for item in self.experiments.values() if item.get("namespace") == query.get("namespace")]
            return {"experiments": _filtered(found, query)}
        self._check_namespace(body.get("namespace"))
        return _added(self.experiments, "experiment_id", body)

    def _pipelines(self, _method, rest, query, _body):
        if rest:
            mine = [item for item in self.versions.values() if item["pipeline_id"] == rest.partition("/")[0]]
            return {"pipeline_versions": _filtered(mine, query)}
        self._check_namespace(query.get("namespace"))
        return {"pipelines": _filtered(self.pipelines.values(), query)}

    def _upload(self, query, file):
        self._check_namespace(query.get("namespace"))
        if any(item["display_name"] == query["name"] for item in self.pipelines.values()):
            raise Refused(409, f"Already exist error: The name {query['name']} already exist")
        validate(file)
        values = {"display_name": query["name"], "description": query.get("description")}
        made = _added(self.pipelines, "pipeline_id", values)
        _added(self.versions, "pipeline_version_id", {**made, "display_name": query["name"], "pipeline_spec": file[0]})
        return made

    def _upload_version(self, query, file):
        if query["pipelineid"] not in self.pipelines:
            raise Refused(404, "Pipeline not found")
        validate(file)
        values = {"pipeline_id": query["pipelineid"], "display_name": query["name"], "pipeline_spec": file[0]}
        return _added(self.versions, "pipeline_version_id", values)

    def _runs(self, method, rest, _query, body):
        if method == "POST":
            self._check_run(body)
            return _added(self.runs, "run_id", {**body, "state": "PENDING", "questions": 0})
        if rest not in self.runs:
            raise Refused(404, f"Run {rest} not found")
        if self.outage:
            self.outage -= 1
            raise Refused(503, "the server is starting")
        run = self.runs[rest]
        run["questions"] += 1
        return {key: value for key, value in self._advanced(run).items() if key != "questions"}

    def _recurring_runs(self, _method, _rest, _query, body):
        self._check_run(body)
        cron = body["trigger"]["cron_schedule"]["cron"]
        if len(cron.split()) != 6 and not cron.startswith("@"):
            raise Refused(400, f"Schedule cron is not valid: {cron}")
        if not 1 <= int(body["max_concurrency"]) <= 10:
            raise Refused(400, "The max concurrency of the recurring run must be between 1 and 10")
        return _added(self.recurring, "recurring_run_id", body)

    def _check_run(self, body):
        if body.get("experiment_id") not in self.experiments:
            raise Refused(404, "Experiment not found")
        given = body["runtime_config"].get("parameters", {})
        validate(documents_of(body["pipeline_spec"]), given)

    def _advanced(self, run):
        """Returns a run in which another task has ended with every second question; `ends` says how."""
        spec = documents_of(run["pipeline_spec"])[0]
        order = _in_order(spec)
        states = {}
        for place, name in enumerate(order):
            if any(states.get(waits) in ("FAILED", "OMITTED") for waits in _waits(spec, name)):
                states[name] = "OMITTED"
            elif place * 2 + 1 < run["questions"]:
                states[name] = self.ends.get(name, "SUCCEEDED")
            elif place * 2 < run["questions"]:
                states[name] = "RUNNING"
        ended = len(states) == len(order) and "RUNNING" not in states.values()
        final = ("FAILED" if "FAILED" in states.values() else "SUCCEEDED") if ended else "RUNNING"
        shown = {name: state for name, state in states.items() if state != "OMITTED"}
        return {
            **run,
            "state": final,
            "run_details": {"task_details": [_detail("root", final), *(_detail(*item) for item in shown.items())]},
        }


def documents_of(value):
    """Returns the two documents that a client has put into one."""
    both = "pipeline_spec" in value
    return [value["pipeline_spec"], value["platform_spec"]] if both else [value, None]


def validate(documents, given=None):
    """Refuses what KFP/apiserver/template/v2_template.go refuses, and what KFP's compiler and Argo do.

    Args:
        documents: PipelineSpec and platform document.
        given: The runtime parameters of a run; None for an upload, which needs none.
    """
    spec, platform = documents
    try:
        json_format.ParseDict(spec, pipeline_spec_pb2.PipelineSpec())
        json_format.ParseDict(platform or {}, pipeline_spec_pb2.PlatformSpec())
    except json_format.ParseError as error:
        raise Refused(400, f"unknown template format: {error}") from None
    declared = spec["root"].get("inputDefinitions", {}).get("parameters", {})
    found = checks.find(spec, platform, required=declared if given is None else given)
    if found:
        raise Refused(400, f"Invalid input error: {found[0].rule} {found[0].node}: {found[0].received}")
    for name in sorted(given or {}):
        if name not in declared:
            raise Refused(400, f"Invalid input error: parameter {name} is not declared")


def _uploaded(headers, body):
    head = f"Content-Type: {headers['Content-Type']}\n\n".encode()
    (part,) = message_from_bytes(head + body).get_payload()
    documents = list(yaml.safe_load_all(part.get_payload(decode=True)))
    return [documents[0], documents[1] if len(documents) > 1 else None]


def _added(known, key, values):
    made = {**values, key: str(uuid.uuid4())}
    known[made[key]] = made
    return made


def _filtered(items, query):
    (predicate,) = json.loads(query["filter"])["predicates"]
    assert predicate["operation"] == 1
    return [item for item in items if item[predicate["key"]] == predicate["stringValue"]]


def _detail(name, state):
    times = {"start_time": "2026-01-01T00:00:00Z", "end_time": "2026-01-01T00:00:03Z"}
    error = {"error": {"code": 2, "message": "main: Error (exit code 1)"}} if state == "FAILED" else {}
    return {"task_id": name, "display_name": name, "state": state, **times, **error}


def _waits(spec, name):
    return dict(tasks(spec))[name].get("dependentTasks", ())


def _in_order(spec, component=None):
    """Returns the tasks that run something, an inner DAG in its task's place."""
    steps = (component or spec["root"])["dag"]["tasks"]
    graph = {name: sorted(task.get("dependentTasks", ())) for name, task in sorted(steps.items())}
    found = []
    for name in graphlib.TopologicalSorter(graph).static_order():
        inner = component_of(spec, steps[name])
        found += _in_order(spec, inner) if "dag" in inner else [name]
    return found
