"""Measuring the input of a task's training: what takes the time, and what to set against it."""
