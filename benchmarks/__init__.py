"""Measurements. Each prints a ratio against a stated baseline, both sides taken in the same run."""
