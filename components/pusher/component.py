"""TFX's Pusher with the project's executor."""

from tfx.components.pusher import component
from tfx.dsl.components.base import executor_spec

from components.pusher.executor import Executor


class Pusher(component.Pusher):
    """TFX's Pusher, with versions that appear whole or not at all, and always with a higher number.

    `custom_config["keep"]` says how many versions stay, None keeps all.
    """

    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)
