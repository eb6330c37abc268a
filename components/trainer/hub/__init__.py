"""Modules of TensorFlow Hub in Keras 3, and published weights turned into such modules.

`components.trainer.hub.layer.HubLayer` is the layer, `components.trainer.hub.handles.resolve` finds a module, and
`components.trainer.hub.converters` makes modules. Nothing is imported here: the command line lists converters without
loading TensorFlow.
"""
