"""The Embedder component: between Transform and what trains, with outputs of the same names as Transform's."""

import json

from tfx import types
from tfx.dsl.components.base import base_beam_component, executor_spec
from tfx.types import standard_artifacts
from tfx.types.component_spec import ChannelParameter, ExecutionParameter

from components.embedding.config import EmbeddingConfig
from components.embedding.executor import Executor
from components.embedding.fingerprint import module_digest
from components.settings import to_dict


class EmbedderSpec(types.ComponentSpec):
    """Inputs, outputs and parameters of the Embedder."""

    PARAMETERS = {
        "embedding": ExecutionParameter(type=str),
        "module": ExecutionParameter(type=str),
        "code": ExecutionParameter(type=str),
    }
    INPUTS = {
        "examples": ChannelParameter(type=standard_artifacts.Examples),
        "graph": ChannelParameter(type=standard_artifacts.TransformGraph),
    }
    OUTPUTS = {
        "transformed_examples": ChannelParameter(type=standard_artifacts.Examples),
        "transform_graph": ChannelParameter(type=standard_artifacts.TransformGraph),
    }


class Embedder(base_beam_component.BaseBeamComponent):
    """Puts the vector of a frozen module in the place of a feature, in every row once.

    Args:
        examples: Transform's `transformed_examples`.
        graph: Transform's `transform_graph`.
        config: What to embed, with what.
        code: Digest of the code that decides on the vectors.

    Outputs:
        transformed_examples: Examples that hold the vector.
        transform_graph: Transform's graph with the module behind it: an exported model serves raw features through it.

    Raises:
        UsageError: The configuration is not complete, or there is no such module. The cache key of the node knows the
            module by its content.
    """

    SPEC_CLASS = EmbedderSpec
    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(Executor)

    def __init__(
        self,
        examples: types.BaseChannel,
        graph: types.BaseChannel,
        config: EmbeddingConfig,
        code: str,
    ) -> None:
        config.check()
        spec = EmbedderSpec(
            examples=examples,
            graph=graph,
            transformed_examples=types.Channel(type=standard_artifacts.Examples),
            transform_graph=types.Channel(type=standard_artifacts.TransformGraph),
            embedding=json.dumps(to_dict(config), sort_keys=True),
            module=module_digest(str(config.module)),
            code=code,
        )
        super().__init__(spec=spec)
