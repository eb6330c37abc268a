"""Transform's output on reviews made for the tests, and an exported model, made once for all tests of the task."""

import pytest


@pytest.fixture(scope="session")
def output(tmp_path_factory):
    from pipeline.tf_example import example
    from tests.pipeline.tasks import analyzed
    from tests.pipeline.tasks.reviews import reviews_csv

    rows = [
        {"text": text, "positive": label, "source": "imdb", "length": "up to 15 words"}
        for text, label in reviews_csv.texts(120)
    ]
    return analyzed.transform_output("reviews", [example(row) for row in rows], tmp_path_factory.mktemp("reviews"))


@pytest.fixture(scope="session")
def signatures(output, tmp_path_factory):
    import keras

    from pipeline.tasks.reviews.model import build_model
    from tests.pipeline.tasks.in_place import exported

    keras.utils.set_random_seed(1)
    model = build_model(output, embedding_size=4, heads=2)
    return exported(model, output, "positive", tmp_path_factory.mktemp("reviews_model") / "Format-Serving")
