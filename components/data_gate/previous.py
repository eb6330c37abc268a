"""Which statistics are those of the data before."""

from ml_metadata.metadata_store import metadata_store
from tfx import types
from tfx.dsl.components.common.resolver import ResolverStrategy

STATISTICS_PROPERTY = "statistics_id"  # Custom properties of a DataVerdict.
DATA_PROPERTY = "data"
FINGERPRINT = "input_fingerprint"  # ExampleGen's, a custom property of Examples.


class PreviousStatistics(ResolverStrategy):
    """Resolves the statistics, older than the current ones, of the last other data that DataGate has let pass.

    Older, so that the answer for the same statistics stays the same when other data come later and go: an unchanged
    run is cached. None is found by a pipeline's first run.
    """

    def resolve_artifacts(
        self, store: metadata_store.MetadataStore, input_dict: dict[str, list[types.Artifact]]
    ) -> dict[str, list[types.Artifact]]:
        """Returns the one artifact under `statistics`, or none.

        Args:
            store: Not used.
            input_dict: All `statistics` and all `verdict` of the pipeline; the `current` statistics and the `examples`
                of this run.
        """
        [current], [examples] = input_dict["current"], input_dict["examples"]
        data = examples.get_string_custom_property(FINGERPRINT)
        passed = {
            verdict.get_int_custom_property(STATISTICS_PROPERTY)
            for verdict in input_dict["verdict"]
            if not data or verdict.get_string_custom_property(DATA_PROPERTY) != data
        }
        older = [one for one in input_dict["statistics"] if one.id in passed and one.id < current.id]
        latest = max(older, key=lambda one: one.id, default=None)
        return {**{key: [] for key in input_dict}, "statistics": [latest] if latest else []}
