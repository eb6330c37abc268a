"""What the vectors of a module say about the examples of a task: `slipway neighbours` and `slipway similarity`."""
