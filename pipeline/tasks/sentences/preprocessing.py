"""Features of a sentence.

| feature | made from | shape, dtype |
|---|---|---|
| `token_ids` | `[CLS]`, up to 62 word pieces of the encoder's vocabulary, `[SEP]` | [batch, (pieces)], int64 |
| `positive` | the label, where there is one | [batch, 1], int64 |

`token_ids` is a list without padding, sparse in the graph: the input pipeline pads each batch with 0, which is `[PAD]`,
to its longest sentence.
"""

from typing import Any

import tensorflow as tf
import tensorflow_transform as tft

from components.trainer import bert
from components.trainer.wordpiece import END, START, WordPieceTokenizer

LABEL = "positive"
MOST_PIECES = 64  # With the two around them. The longest sentence has 59 words; attention costs their square.


def preprocessing_fn(inputs: dict[str, Any], custom_config: dict[str, Any]) -> dict[str, Any]:
    """Maps raw features to those of the model. Nothing is analyzed: the vocabulary comes with the encoder.

    Args:
        inputs: The features of the schema, [batch, 1].
        custom_config: Under `params` it has `encoder`, the folder of the encoder, None for the package's.

    Returns:
        The table above; without the label when `inputs` has none.

    Raises:
        UsageError: There is no such encoder.
    """
    pieces = bert.vocabulary(bert.find(custom_config["params"]["encoder"]))
    # Transform saves what it has seen being made, and calls this function several times.
    tokenizer = tft.make_and_track_object(lambda: WordPieceTokenizer(pieces), name="tokenizer")
    outputs = {"token_ids": ids(tokenizer, inputs["text"][:, 0], pieces).to_sparse()}
    return {**outputs, LABEL: inputs[LABEL]} if LABEL in inputs else outputs


def ids(tokenizer: WordPieceTokenizer, texts: tf.Tensor, pieces: list[str]) -> tf.RaggedTensor:
    """Returns the ids of texts between the two special tokens, [N] to [N, (pieces)]."""
    inside = tokenizer(texts)[:, : MOST_PIECES - 2]
    start, end = (tf.fill([tf.size(texts), 1], tf.constant(pieces.index(piece), tf.int64)) for piece in (START, END))
    return tf.concat([start, inside, end], axis=1)
