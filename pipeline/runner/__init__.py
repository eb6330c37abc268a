"""The local runner: one process that a person watches, and one worker in which TFX and TensorFlow live."""
