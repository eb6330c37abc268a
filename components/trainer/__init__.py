"""The Trainer's module: `run_fn` and everything it is made of."""
