"""Trainings of one task that differ in what is compared, on the same examples and seeds."""
