"""Curated schemas, one folder a task; ImportSchemaGen reads them."""
