"""The Evaluator: TFX's, with a verdict that says why. `config` and `verdict` are read without TensorFlow."""
