"""Stamps with captions: what kind of thing is it? Two published encoders, one for each half."""
