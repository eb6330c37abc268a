"""TFX components of the project, one folder each, and what they share."""
