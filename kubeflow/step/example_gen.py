"""ExampleGen's driver, run in the step: span, version and fingerprint of the data."""

from typing import Any

from tfx.components.example_gen import driver, input_processor, utils
from tfx.proto import example_gen_pb2, range_config_pb2
from tfx.types import Artifact, standard_component_specs
from tfx.utils import proto_utils


def drive(exec_properties: dict[str, Any], examples: Artifact) -> dict[str, Any]:
    """Looks at the data as TFX's driver does before an ExampleGen is run.

    Args:
        exec_properties: The execution's properties.
        examples: The output; gets span, version and fingerprint.

    Returns:
        The properties with the patterns of the span and the version that were found.
    """
    config = example_gen_pb2.Input()
    proto_utils.json_to_proto(exec_properties[standard_component_specs.INPUT_CONFIG_KEY], config)
    wanted = exec_properties.get(standard_component_specs.RANGE_CONFIG_KEY)
    span_range = range_config_pb2.RangeConfig() if wanted else None
    if wanted:
        proto_utils.json_to_proto(wanted, span_range)
    base = exec_properties[standard_component_specs.INPUT_BASE_KEY]
    processor = input_processor.FileBasedInputProcessor(base, config.splits, span_range)
    span, version = processor.resolve_span_and_version()
    found = {
        utils.SPAN_PROPERTY_NAME: span,
        utils.VERSION_PROPERTY_NAME: version,
        utils.FINGERPRINT_PROPERTY_NAME: processor.get_input_fingerprint(span, version),
    }
    for split in config.splits:
        split.pattern = processor.get_pattern_for_span_version(split.pattern, span, version)
    told = {**exec_properties, **found, standard_component_specs.INPUT_CONFIG_KEY: proto_utils.proto_to_json(config)}
    driver.update_output_artifact(exec_properties=told, output_artifact=examples.mlmd_artifact)
    return told
