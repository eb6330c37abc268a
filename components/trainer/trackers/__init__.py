"""Experiment trackers: each keeps the parameters, the metrics and the end of a training in a run of its own."""
