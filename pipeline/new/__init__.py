"""A task made from data: what they are, what to learn from them, and the files of the task. No TensorFlow at import."""
