"""Reads ML Metadata, of any store that TFX wrote, without TFX and TensorFlow."""

from pipeline.lineage.store import Store

__all__ = ["Store"]
