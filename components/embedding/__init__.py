"""The Embedder component: a pre-trained module looks at every example once, and heads are trained on what it says.

Nothing is imported here: the configuration is read without TensorFlow.
"""
