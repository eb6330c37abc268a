"""The same model trained with one optimizer after the other, on the same examples and seeds."""
