"""Every text of a message goes there and back; a server of its own sees it in tests/pipeline/runner/test_servers.py."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2 as mlmd
from ml_metadata.proto import metadata_store_service_pb2 as service

from pipeline.runner.postgresql_store import PostgresqlStore

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\uff3c"))


@pytest.fixture(scope="module")
def echo():
    """Returns what a store sends for an execution, and what it makes of the same as an answer."""
    sent = []

    def call(_store, request):
        sent.append(service.PutExecutionsRequest.FromString(request))
        return sent[-1].SerializeToString(), b"", 0

    store = PostgresqlStore.__new__(PostgresqlStore)
    store._metadata_store = None

    def echoed(execution):
        answer = service.PutExecutionsRequest()
        store._pywrap_cc_call(call, service.PutExecutionsRequest(executions=[execution]), answer)
        return sent[-1].executions[0], answer.executions[0]

    return echoed


@given(st.dictionaries(TEXTS.filter(bool), TEXTS), TEXTS)
def test_no_backslash_is_sent_and_each_comes_back(echo, properties, name):
    execution = mlmd.Execution(name=name)
    for key, text in properties.items():
        execution.custom_properties[key.replace("\\", "/")].string_value = text
    before = execution.SerializeToString(deterministic=True)
    sent, answer = echo(execution)
    assert "\\" not in sent.name + "".join(value.string_value for value in sent.custom_properties.values())
    assert answer == execution
    assert execution.SerializeToString(deterministic=True) == before


def test_it_is_where_ml_metadata_calls():
    """What is overridden is not a public name."""
    assert "_pywrap_cc_call" in vars(metadata_store.MetadataStore)
