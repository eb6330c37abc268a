"""Sentences about movies: is one positive? A transformer that was trained before is fine-tuned."""
