"""The way to a KFP API server: its client, looked at before it is used, and its answers as errors of the project."""

import contextlib
import io
import json
import logging
import os
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import kfp_server_api
import urllib3
from kfp.client import Client

from components.errors import ComponentFailed, SlipwayError, UsageError

TOKEN_VARIABLE = "SLIPWAY_KFP_TOKEN"  # noqa: S105 (the name of a variable)
TOKEN_FILE_VARIABLE = "SLIPWAY_KFP_TOKEN_FILE"  # noqa: S105 (the name of a variable)

TIMEOUT_S = 15
"""Of the first question and of those about a run; whole seconds, as the client overlooks others."""

_HOST_FIX = "Example: --host http://localhost:8888 after `kubectl port-forward -n kubeflow svc/ml-pipeline 8888:8888`."
_TOKEN_FIX = f"Put a token that is valid there into ${TOKEN_VARIABLE}, or its file's name into ${TOKEN_FILE_VARIABLE}."
_LOGIN = (301, 302, 303, 307, 308, 401)


@dataclass(frozen=True)
class Server:
    """Where KFP is, and as whom we come.

    Args:
        host: URL of the API, or of the UI that hands on to it.
        namespace: The namespace of a KFP of several users; None for one that has none.
        ca_file: Certificates that a host with https is checked with; None takes the usual ones.
        token: Bearer token; never shown.
    """

    host: str
    namespace: str | None = None
    ca_file: str | None = None
    token: str | None = field(default=None, repr=False)


def server(host: str | None, namespace: str | None = None, ca_file: str | None = None) -> Server:
    """Returns the server that options name, with the token of the environment.

    Raises:
        UsageError: No host, one that is no URL, or a file that cannot be read.
    """
    if not host:
        raise UsageError("Submitting needs the URL of KFP: --host or $SLIPWAY_KFP_HOST.", fix=_HOST_FIX)
    try:
        url = urlsplit(host)
        complete = url.scheme in ("http", "https") and bool(url.hostname) and (url.port is None or url.port > 0)
    except ValueError:
        complete = False
    if not complete:
        raise UsageError("--host must be a URL that begins with http:// or https://.", received=host, fix=_HOST_FIX)
    if url.username or url.password:
        raise UsageError("--host must hold no credentials.", received=f"***@{url.hostname}", fix=_TOKEN_FIX)
    if ca_file and not Path(ca_file).is_file():
        raise UsageError("--ca-file must be a file with certificates.", received=ca_file)
    return Server(host.rstrip("/"), namespace or None, ca_file, _token())


def _token() -> str | None:
    file = os.environ.get(TOKEN_FILE_VARIABLE)
    if not file:
        return os.environ.get(TOKEN_VARIABLE) or None
    try:
        return Path(file).read_text(encoding="utf-8").strip() or None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no text"
        rule = f"${TOKEN_FILE_VARIABLE} must name a file that can be read."
        raise UsageError(rule, received=f"{file} ({reason})") from None


def connect(to: Server) -> tuple[Client, Server]:
    """Returns the SDK's client for a server that answers as KFP does, and the server, without what it does not know.

    A KFP of one user has no namespaces, and refuses calls that name one: it goes, as in a job for either kind of KFP.

    Raises:
        ComponentFailed: It cannot be reached.
        UsageError: It is not KFP, does not know us, or wants a namespace.
    """
    # It warns of each attempt; the error that follows says all.
    logging.getLogger("urllib3").setLevel(logging.ERROR)
    several_users = _probe(to)
    if several_users and to.namespace is None:
        rule = "A KFP of several users needs a namespace: --namespace or $SLIPWAY_KFP_NAMESPACE."
        raise UsageError(rule, received="none", fix="It is that of your Kubeflow profile.")
    if not several_users:
        to = replace(to, namespace=None)
    with translated(to), quiet():
        client = Client(to.host, namespace=to.namespace or "kubeflow", existing_token=to.token, ssl_ca_cert=to.ca_file)
    return client, to


def _probe(to: Server) -> bool:
    """Asks the server how it is, once, and returns whether it is for several users."""
    config = kfp_server_api.Configuration(host=to.host)
    config.retries, config.ssl_ca_cert = False, to.ca_file
    if to.token:
        config.api_key, config.api_key_prefix = {"authorization": to.token}, {"authorization": "Bearer"}
    with kfp_server_api.ApiClient(config) as client, translated(to):
        ask = kfp_server_api.HealthzServiceApi(client).healthz_service_get_healthz_with_http_info
        health, _, headers = ask(_request_timeout=TIMEOUT_S)
    kind = {name.lower(): value for name, value in headers.items()}.get("content-type", "nothing")
    if "json" not in kind:
        raise _not_kfp(to, f"an answer of type {kind}")
    return bool(health.multi_user)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keeps what the client prints and warns of to itself."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        yield


@contextlib.contextmanager
def translated(to: Server) -> Iterator[None]:
    """Raises the project's errors for the client's, without their tracebacks: those show headers."""
    try:
        yield
    except kfp_server_api.ApiException as error:
        raise _of_answer(to, error) from None
    except urllib3.exceptions.HTTPError as error:
        raise unreachable(to, str(getattr(error, "reason", None) or error)) from None


def unreachable(to: Server, reason: str) -> SlipwayError:
    """Returns the error for a server that does not answer."""
    # urllib3 puts the object before the text: `<...HTTPConnection object at 0x7f>: Failed to ...`.
    told = reason.rpartition(">: ")[2]
    return ComponentFailed("KFP must be reachable.", received=f"host={to.host} ({told})", fix=_HOST_FIX)


def _of_answer(to: Server, error: kfp_server_api.ApiException) -> SlipwayError:
    message = _message(error)
    if error.status in _LOGIN:
        rule = "KFP must know who submits."
        return UsageError(rule, received=f"host={to.host}, status {error.status}{_told(message)}", fix=_TOKEN_FIX)
    if error.status == 403:
        who = f"namespace={to.namespace}" if to.namespace else "no namespace"
        fix = "Look for a typing error in the namespace, or ask for rights in it."
        rule = "Whoever submits must have the right to."
        return UsageError(rule, received=f"{who}, status 403{_told(message)}", fix=fix)
    if not error.status:
        return unreachable(to, " ".join(str(error.reason).split()))
    if message is None:
        return _not_kfp(to, f"status {error.status}")
    if error.status >= 500:
        fix = "Its log, that of the pod `ml-pipeline`, says more."
        return ComponentFailed("KFP must be well.", received=f"status {error.status}{_told(message)}", fix=fix)
    return UsageError("KFP refused it.", received=f"status {error.status}{_told(message)}")


def _not_kfp(to: Server, received: str) -> SlipwayError:
    rule = "The host must answer as the API of KFP 2.x does."
    return UsageError(rule, received=f"host={to.host}: {received}", fix=_HOST_FIX)


def _told(message: str | None) -> str:
    return f": {message.rstrip('.')}" if message else ""


def _message(error: kfp_server_api.ApiException) -> str | None:
    """Returns what the server says, None if it does not speak as KFP."""
    body: Any = error.body
    try:
        found = json.loads(body.decode() if isinstance(body, bytes) else body or "")
    except ValueError:
        return None
    told = found.get("message") or found.get("error") if isinstance(found, dict) else None
    return str(told) if told else None
