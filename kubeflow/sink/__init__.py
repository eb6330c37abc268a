"""Writes what the steps of a run have left into a store of ML Metadata, as TFX's own orchestrators do.

KFP gives up ML Metadata (kubeflow/pipelines#11760), and its steps know nothing of each other: the last step of a run
writes for all.
"""
