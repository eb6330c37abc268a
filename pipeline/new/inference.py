"""The schema of a sample of records, inferred by TensorFlow Data Validation, then made one that a person would write.

TFDV says of which type a feature is, whether every record has it and which words it may be. Each of these is what
the data happen to be: ranges get slack, shares are rounded down, and the words of a feature are a rule only where there
are few and none is rare.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import tensorflow_data_validation as tfdv
from tensorflow_data_validation.statistics import stats_impl, stats_options
from tensorflow_metadata.proto.v0 import schema_pb2
from tfx_bsl.coders import example_coder

from pipeline.new.findings import Feature, Findings, SchemaFeature

CLASS_NAME = "class_name"

_MOST_WORDS = 20
_LEAST_ROWS_OF_A_WORD = 10
_INT64 = 2**63 - 1


def infer(examples: Sequence[bytes]) -> schema_pb2.Schema:
    """Returns the schema that TFDV infers from serialized tf.train.Examples, without the words where one is rare."""
    batch = example_coder.ExamplesToRecordBatchDecoder().DecodeBatch(list(examples))
    options = stats_options.StatsOptions(num_top_values=_MOST_WORDS + 1, num_rank_histogram_buckets=_MOST_WORDS + 1)
    statistics = stats_impl.generate_statistics_in_memory(batch, options)
    schema = tfdv.infer_schema(statistics, max_string_domain_size=_MOST_WORDS)
    _drop_rare_domains(schema, statistics)
    return schema


def _drop_rare_domains(schema: schema_pb2.Schema, statistics: Any) -> None:
    for found in statistics.datasets[0].features:
        top = [value.frequency for value in found.string_stats.top_values]
        if top and min(top) < _LEAST_ROWS_OF_A_WORD:
            tfdv.get_feature(schema, found.path.step[0]).ClearField("domain_info")


def curate(schema: schema_pb2.Schema, findings: Findings) -> tuple[SchemaFeature, ...]:
    """Returns the features of the schema: the label first, then what is served, then what is not.

    Args:
        schema: What TFDV has inferred from a sample.
        findings: What is known of all rows.
    """
    inferred = {feature.name: feature for feature in schema.feature}
    domains = {domain.name: tuple(domain.value) for domain in schema.string_domain}
    known = {feature.name: feature for feature in findings.features}
    features = [_label(findings), *_class_name(findings, inferred)]
    for name, feature in known.items():
        features.append(_served(feature, inferred[name], domains))
    for name, proto in inferred.items():
        if name not in known and name not in {feature.name for feature in features}:
            features.append(_left_out(proto, findings.left_out.get(name, "")))
    return tuple(features)


def _label(findings: Findings) -> SchemaFeature:
    problem = findings.problem
    if problem.kind == "value":
        low, high = slack(problem.minimum, problem.maximum)
        return SchemaFeature(
            problem.label,
            problem.type,
            minimum=_text(low, problem.type),
            maximum=_text(high, problem.type),
            served=False,
        )
    names = ", ".join(f"{number} {name}" for number, name in enumerate(problem.classes[:_MOST_WORDS]))
    comment = f"The class: {names}." if problem.named else ""
    highest = str(len(problem.classes) - 1)
    categorical = problem.kind == "classes"
    return SchemaFeature(
        problem.label, "INT", comment, minimum="0", maximum=highest, categorical=categorical, served=False
    )


def _class_name(findings: Findings, inferred: Mapping[str, Any]) -> Iterator[SchemaFeature]:
    if CLASS_NAME in inferred and findings.source.kind != "tfrecords":
        comment = "The class in words, for people who read the evaluation by slices."
        yield SchemaFeature(CLASS_NAME, "BYTES", comment, values=findings.problem.classes, served=False)


def _served(feature: Feature, proto: schema_pb2.Feature, domains: Mapping[str, tuple[str, ...]]) -> SchemaFeature:
    kind: Any = schema_pb2.FeatureType.Name(proto.type)
    low, high = None, None
    if feature.minimum is not None and feature.maximum is not None:
        low, high = (_text(bound, kind) for bound in slack(feature.minimum, feature.maximum))
    return SchemaFeature(
        name=feature.name,
        type=kind,
        min_fraction=1.0 if feature.required else math.floor(8 * feature.present) / 10,
        width=feature.width,
        minimum=low,
        maximum=high,
        values=domains.get(proto.domain, ()) if feature.role == "category" else (),
        image=feature.name == "image",
    )


def _left_out(proto: schema_pb2.Feature, reason: str) -> SchemaFeature:
    """Returns a feature that records have and nothing reads."""
    kind: Any = schema_pb2.FeatureType.Name(proto.type)
    comment = f"Not learned from: {reason}." if reason else "Not learned from."
    return SchemaFeature(proto.name, kind, comment, min_fraction=0.0, width=0, served=False)


def slack(minimum: float, maximum: float) -> tuple[float, float]:
    """Returns a range that is wider by half on both sides, and no lower than 0 where nothing is."""
    more = (maximum - minimum) / 2 or abs(maximum) or 1.0
    low = minimum - more
    return (0.0 if minimum >= 0 > low else low), maximum + more


def _text(bound: float, kind: str) -> str:
    """Returns a bound with two digits that count, rounded away from nothing that was seen."""
    if kind == "INT":
        return str(min(max(math.floor(bound), -_INT64), _INT64))
    return repr(float(f"{bound:.4g}"))


def sampled(examples: Iterable[bytes], count: int = 10_000, most_bytes: int = 64 * 2**20) -> list[bytes]:
    """Returns the examples, or every second, fourth, ... of them where they are too many or too large to be held."""
    held: list[bytes] = []
    step, size = 1, 0
    for number, example in enumerate(examples):
        if number % step:
            continue
        held.append(example)
        size += len(example)
        if len(held) > count or size > most_bytes:
            held, step = held[::2], 2 * step
            size = sum(map(len, held))
    return held
