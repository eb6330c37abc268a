"""Records go through as they are, from file to file."""

import tensorflow as tf
from apache_beam.options.pipeline_options import PipelineOptions
from tfx.dsl.components.base.base_beam_executor import BaseBeamExecutor
from tfx.proto import example_gen_pb2
from tfx.types import standard_artifacts
from tfx.utils import proto_utils

from components.example_gen.executor import Executor

IN_MEMORY = ["--runner=FnApiRunner", "--direct_running_mode=in_memory"]


def _example(number: int) -> bytes:
    value = tf.train.Feature(int64_list=tf.train.Int64List(value=[number]))
    return tf.train.Example(features=tf.train.Features(feature={"x": value})).SerializeToString()


RECORDS = {"train": [_example(number) for number in range(500)], "eval": [_example(number) for number in (7, 3, 7)]}


def _imported(tmp_path, args) -> dict[str, list[bytes]]:
    for split, records in RECORDS.items():
        with tf.io.TFRecordWriter(str(tmp_path / f"{split}.tfrecord.gz"), "GZIP") as writer:
            for record in records:
                writer.write(record)
    splits = [example_gen_pb2.Input.Split(name=split, pattern=f"{split}.tfrecord.gz") for split in RECORDS]
    examples = standard_artifacts.Examples()
    examples.uri = str(tmp_path / "examples")
    context = BaseBeamExecutor.Context(beam_pipeline_args=args, tmp_dir=str(tmp_path))
    properties = {
        "input_base": str(tmp_path),
        "input_config": proto_utils.proto_to_json(example_gen_pb2.Input(splits=splits)),
        "output_config": "{}",
        "output_data_format": example_gen_pb2.FORMAT_TF_EXAMPLE,
    }
    Executor(context).Do({}, {"examples": [examples]}, properties)
    return {split: _records(tmp_path / "examples" / f"Split-{split}") for split in RECORDS}


def _records(folder) -> list[bytes]:
    files = [str(file) for file in sorted(folder.glob("*.gz"))]
    return list(tf.data.TFRecordDataset(files, "GZIP").as_numpy_iterator())


def test_records_keep_their_order(tmp_path):
    assert _imported(tmp_path, IN_MEMORY) == RECORDS


def test_nothing_is_kept_for_a_shuffle(tmp_path, monkeypatch):
    """Beam's own source keeps the few that name its files."""
    kept = []
    from apache_beam.runners.portability.fn_api_runner import execution

    append = execution.GroupingBuffer.append

    def counted(buffer, data):
        kept.append(len(data))
        append(buffer, data)

    monkeypatch.setattr(execution.GroupingBuffer, "append", counted)
    _imported(tmp_path, IN_MEMORY)
    assert sum(kept) < 500


def test_another_runner_shuffles_as_tfx_does():
    for args, left_out in ((IN_MEMORY, True), (["--runner=PrismRunner"], False)):
        context = BaseBeamExecutor.Context(beam_pipeline_args=list(args))
        pipeline = Executor(context)._make_beam_pipeline()
        assert (type(pipeline).__name__ == "_FromFileToFile") is left_out
        assert pipeline.options.get_all_options().keys() == PipelineOptions(args).get_all_options().keys()
