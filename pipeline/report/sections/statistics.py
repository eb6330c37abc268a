"""What the data are like, feature by feature: the splits side by side, and against the data before."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.report.charts import BarChart
from pipeline.report.distance import Distance, measured
from pipeline.report.feature_statistics import SplitStatistics, chart_of, name_of, of_split, type_of
from pipeline.report.material import Material
from pipeline.report.payloads import artifact_of, payload_of, schema_of, statistics_of
from pipeline.report.section import Section

FEATURES = 200  # With more of them a page grows beyond what a browser likes.

_KIND = "ExampleStatistics"
_PREVIOUS = "previous_statistics"  # DataGate's input.
_FILES = ("image", "sound", "bytes")


@dataclass(frozen=True)
class FeatureFacts:
    """One feature.

    Args:
        name: Its name.
        type: What its values are.
        splits: What each split says.
        chart: Its values drawn; None where there is nothing to draw.
        distances: Drift and skew.
    """

    name: str
    type: str
    splits: tuple[SplitStatistics, ...]
    chart: BarChart | None
    distances: tuple[Distance, ...]

    @property
    def rows(self) -> list[tuple[str, ...]]:
        """A row for each number: its name, and its value in each split."""
        names = dict.fromkeys(name for split in self.splits for name, _ in split.numbers)
        return [(name, *(dict(split.numbers).get(name, "-") for split in self.splits)) for name in names]

    @property
    def over(self) -> bool:
        """Whether a distance is more than the schema allows."""
        return any(distance.over for distance in self.distances)


@dataclass(frozen=True)
class StatisticsFacts:
    """All of it.

    Args:
        examples: The size of each split.
        features: The features, those over a limit first.
        left_out: How many features are not shown.
        before: What the data before were compared by, in a sentence.
        missing: Why there is nothing to show; empty if there is.
    """

    examples: tuple[tuple[str, int], ...] = ()
    features: tuple[FeatureFacts, ...] = ()
    left_out: int = 0
    before: str = ""
    missing: str = ""


def section(material: Material) -> Section | None:
    """Returns the statistics of a run's data; None for a run that has none."""
    artifact = artifact_of(material, "statistics", _KIND)
    if artifact is None:
        return None
    splits = statistics_of(material.path_of(artifact))
    facts = _facts(material, splits) if splits else StatisticsFacts(missing=f"The files of {artifact.uri} are gone.")
    return Section("statistics", "Data", "sections/statistics.html", facts)


def _facts(material: Material, splits: Mapping[str, Any]) -> StatisticsFacts:
    schema = schema_of(payload_of(material, "schema", "Schema"))
    described = {feature.name: feature for feature in schema.feature} if schema is not None else {}
    previous, told = _previous(material)
    by_name: dict[str, dict[str, Any]] = {}
    for split, dataset in splits.items():
        for feature in dataset.features:
            by_name.setdefault(name_of(feature), {})[split] = feature
    before = {split: {name_of(one): one for one in dataset.features} for split, dataset in previous.items()}
    found = [_feature(name, of, before, described.get(name)) for name, of in list(by_name.items())[:FEATURES]]
    return StatisticsFacts(
        tuple((name, dataset.num_examples) for name, dataset in splits.items()),
        tuple(sorted(found, key=lambda feature: not feature.over)),
        len(by_name) - len(found),
        told,
    )


def _previous(material: Material) -> tuple[Mapping[str, Any], str]:
    """Returns the statistics that DataGate has compared with, and what there is to say about that."""
    read = (material.inputs(node).get(_PREVIOUS, []) for node in material.executions)
    artifact = next((artifact for artifacts in read for artifact in artifacts), None)
    if artifact is None:
        return {}, "There were no other data before to compare these with."
    splits = statistics_of(material.path_of(artifact))
    if not splits:
        return {}, f"The data before had the statistics of {artifact.uri}, which are gone: their drift is not known."
    return splits, f"Drift is against the data before, by the statistics of {artifact.uri}."


def _feature(name: str, of: Mapping[str, Any], before: Mapping[str, Any], described: Any) -> FeatureFacts:
    kind = type_of(next(iter(of.values())), described)
    told = tuple(of_split(split, one, kind not in _FILES) for split, one in of.items())
    tops = {one.split: one.tops for one in told}
    distances = () if kind in _FILES else tuple(_distances(name, of, before, described))
    return FeatureFacts(name, kind, told, None if kind in _FILES else chart_of(name, of, tops), distances)


def _distances(name: str, of: Mapping[str, Any], before: Mapping[str, Any], described: Any) -> Iterator[Distance]:
    splits = list(of)
    pairs = [(split, "the data before", before.get(split, {}).get(name), "drift_comparator") for split in splits]
    pairs += [(split, f"split {splits[0]}", of[splits[0]], "skew_comparator") for split in splits[1:]]
    for split, other, against, comparator in pairs:
        known = described is not None and described.HasField(comparator)
        found = against is not None and measured(of[split], against, getattr(described, comparator) if known else None)
        if found:
            yield Distance(split, other, *found)
