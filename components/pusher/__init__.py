"""Pusher: puts a blessed model where servers find it, whole or not at all. `versions` does so without TensorFlow."""
