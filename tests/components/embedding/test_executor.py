"""The Embedder embeds every row once, goes on where it was killed, and what it hands on is served."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_hub as hub
import tensorflow_transform as tft
from tfx.dsl.components.base import base_beam_executor
from tfx.types import artifact_utils, standard_artifacts

from components.embedding import graph
from components.embedding.config import EmbeddingConfig
from components.embedding.embed import _Loaded
from components.embedding.executor import STORE, Executor
from components.embedding.fingerprint import module_digest
from components.errors import UsageError
from components.settings import to_dict
from components.trainer.config import CallbacksConfig, ModelConfig, TrainingConfig
from components.trainer.run_fn import run_fn
from tests.components.embedding.conftest import ROWS

SPLITS = artifact_utils.encode_split_names(list(ROWS))


def artifact(kind, uri):
    made = kind()
    made.uri = str(uri)
    return made


def execute(node, transformed, config, execution=1):
    """Runs the executor as TFX does; returns the folders of the examples and of the graph."""
    examples = artifact(standard_artifacts.Examples, transformed.folder)
    examples.split_names = SPLITS
    source = artifact(standard_artifacts.TransformGraph, transformed.graph)
    embedded = artifact(standard_artifacts.Examples, node / "transformed_examples" / str(execution))
    target = artifact(standard_artifacts.TransformGraph, node / "transform_graph" / str(execution))
    properties = {
        "embedding": json.dumps(to_dict(config)),
        "module": module_digest(config.module),
        "code": "code",
    }
    context = base_beam_executor.BaseBeamExecutor.Context(
        beam_pipeline_args=["--runner=FnApiRunner", "--direct_running_mode=in_memory"]
    )
    Executor(context).Do(
        {"examples": [examples], "graph": [source]},
        {"transformed_examples": [embedded], "transform_graph": [target]},
        properties,
    )
    assert embedded.split_names == SPLITS
    return Path(embedded.uri), Path(target.uri)


def parsed(folder, graph_folder, split="eval"):
    """The embedded rows of a split, in order, as they are parsed for training."""
    specs = tft.TFTransformOutput(str(graph_folder)).transformed_feature_spec()
    files = sorted(map(str, (folder / f"Split-{split}").iterdir()))
    [batch] = tf.data.TFRecordDataset(files, "GZIP").batch(1000)
    return tf.io.parse_example(batch, specs)


@pytest.fixture
def config(tiny_module):
    return EmbeddingConfig(enabled=True, module=str(tiny_module), feature="features", batch_size=7, rows_per_file=9)


@pytest.fixture
def passes(monkeypatch):
    """The pieces that were looked at by a module."""
    seen = []
    embedded = _Loaded.embedded

    def counted(self, piece):
        seen.append(piece)
        return embedded(self, piece)

    monkeypatch.setattr(_Loaded, "embedded", counted)
    return seen


@pytest.mark.slow
def test_the_vector_takes_the_place_of_the_feature(tmp_path, transformed, config, tiny_module):
    folder, graph_folder = execute(tmp_path, transformed, config)
    features = parsed(folder, graph_folder)
    assert set(features) == {"text", "ids", "kind", "embedding"}
    assert len(list((folder / "Split-train").iterdir())) == 6  # Two files of 20 rows, in pieces of 9.
    raw = tf.io.parse_example(transformed.serialized["eval"], {"numbers": tf.io.FixedLenFeature([3], tf.float32)})
    # The same operations in other batches: float32 rounds in another order.
    np.testing.assert_allclose(
        features["embedding"], hub.load(str(tiny_module)).signatures["both"](raw["numbers"] * 2.0)["units"], rtol=1e-5
    )


@pytest.mark.slow
def test_a_list_is_padded_and_a_text_is_taken_as_it_is(tmp_path, transformed, words_module):
    config = EmbeddingConfig(module=str(words_module), feature="text", output="words", keep_feature=True)
    features = parsed(*execute(tmp_path, transformed, config))
    assert features["words"].shape == (ROWS["eval"], 2)
    assert {"text", "ids", "features"} <= set(features)
    np.testing.assert_allclose(features["words"], hub.load(str(words_module))(features["text"]), rtol=1e-6)
    listed = EmbeddingConfig(module=str(words_module), feature="ids", prepare=f"{__name__}.as_words")
    assert parsed(*execute(tmp_path, transformed, listed, 2))["embedding"].shape == (ROWS["eval"], 2)


def as_words(ids):
    return tf.strings.reduce_join(tf.strings.as_string(ids), axis=1, separator=" ")


@pytest.mark.slow
def test_again_with_the_same_module_and_data_nothing_is_embedded(tmp_path, transformed, config, passes):
    first = execute(tmp_path, transformed, config)
    assert sum(piece.rows for piece in passes) == sum(ROWS.values())
    passes.clear()
    again = execute(tmp_path, transformed, config, 2)
    assert passes == []
    assert np.array_equal(parsed(*again)["embedding"], parsed(*first)["embedding"])


@pytest.mark.slow
def test_another_module_or_another_function_embeds_anew(tmp_path, transformed, config, passes, words_module):
    execute(tmp_path, transformed, config)
    passes.clear()
    execute(tmp_path, transformed, EmbeddingConfig(**{**to_dict(config), "output": "other"}), 2)
    assert sum(piece.rows for piece in passes) == sum(ROWS.values())
    assert module_digest(str(words_module)) != module_digest(config.module)


@pytest.mark.slow
def test_a_killed_node_goes_on_with_the_pieces_that_are_finished(tmp_path, transformed, config, passes, monkeypatch):
    embedded = _Loaded.embedded

    def killed(self, piece):
        if len(passes) == 3:
            raise MemoryError
        return embedded(self, piece)

    with monkeypatch.context() as patch:
        patch.setattr(_Loaded, "embedded", killed)
        with pytest.raises(Exception, match="MemoryError"):
            execute(tmp_path, transformed, config)
    finished = list((tmp_path / STORE).glob("*.gz"))
    assert len(finished) == 3
    passes.clear()
    folder, graph_folder = execute(tmp_path, transformed, config, 2)
    assert len(passes) == len(list(folder.rglob("*.gz"))) - 3
    assert len(parsed(folder, graph_folder, "train")["kind"]) == ROWS["train"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"feature": "feature"}, "Did you mean 'features'"),
        ({"output": "ids"}, "must not be a feature that stays"),
        ({"feature": "text"}, "The module must take the feature"),
        ({"signature": "both"}, "outputs sum, units"),
        ({"signature": "both", "output_key": "sum"}, "shape "),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_is_embedded(tmp_path, transformed, config, changes, message):
    with pytest.raises(UsageError, match=message):
        graph.write(EmbeddingConfig(**{**to_dict(config), **changes}), transformed.graph, tmp_path / "graph")


@pytest.mark.slow
def test_what_is_served_is_what_was_trained_on(tmp_path, transformed, config, tiny_module):
    folder, graph_folder = execute(tmp_path / "node", transformed, config)
    training = TrainingConfig(
        model=ModelConfig("components.embedding.head.build_model"),
        label="kind",
        loss="binary_crossentropy",
        batch_size=8,
        epochs=1,
        strategy="default",
        callbacks=CallbacksConfig(tensorboard=False, checkpoint=False),
    )
    (tmp_path / "run").mkdir()
    run_fn(
        SimpleNamespace(
            custom_config={"training": to_dict(training), "code": "code"},
            hyperparameters=None,
            transform_output=str(graph_folder),
            train_files=[str(folder / "Split-train" / "*")],
            eval_files=[str(folder / "Split-eval" / "*")],
            model_run_dir=str(tmp_path / "run"),
            serving_model_dir=str(tmp_path / "served"),
        )
    )
    moved = (tmp_path / "served").rename(tmp_path / "elsewhere")
    graph_folder.rename(tmp_path / "gone")
    signatures = tf.saved_model.load(str(moved)).signatures
    embedding = parsed(folder, tmp_path / "gone")["embedding"]
    examples = tf.constant(transformed.serialized["eval"])
    np.testing.assert_allclose(signatures["transform_features"](examples)["embedding"], embedding, atol=1e-5)
    served = signatures["serving_examples"](examples)["probability"]
    raw = tf.io.parse_example(
        examples,
        {"text": tf.io.FixedLenFeature([], tf.string), "numbers": tf.io.FixedLenFeature([3], tf.float32)},
    )
    client = signatures["serving_default"](**raw, ids=tf.constant([[3, 4]] * ROWS["eval"], tf.int64))["probability"]
    np.testing.assert_allclose(client, served, atol=1e-6)
    head = _head(tmp_path / "gone", moved)
    # The served graph computes the vector in one batch, the records have it from batches of 7.
    np.testing.assert_allclose(served, head(embedding), atol=1e-5)


def _head(graph_folder, model):
    """The trained head alone, with the weights of the exported model."""
    from components.embedding.head import build_model

    head = build_model(tft.TFTransformOutput(str(graph_folder)))
    saved = tf.saved_model.load(str(model)).model_variables
    for variable, value in zip(head.variables, saved, strict=True):
        variable.assign(value)
    return lambda vectors: head({"embedding": vectors}, training=False)["probability"]


def test_transforms_own_graph_has_no_module(transformed):
    assert graph.load(transformed.graph) is None
