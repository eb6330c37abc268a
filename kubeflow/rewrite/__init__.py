"""The deviations of TFX's output from what runs, a module for each family; every function returns a new specification.

Paths in their docstrings: TFX/ is `tfx/orchestration/kubeflow/v2/` of TFX 1.21, KFP/ is `backend/src/` of
kubeflow/pipelines at 2.17.
"""
