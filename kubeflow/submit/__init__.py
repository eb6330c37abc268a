"""Sends a compiled pipeline to Kubeflow Pipelines with the SDK's client, and waits for its runs."""
