"""Reads ML Metadata, of any store that TFX wrote, without TFX and TensorFlow."""

import os

# Before ml_metadata is imported: its C++ code writes connection errors to standard error on top of raising them.
os.environ.setdefault("GLOG_minloglevel", "3")
