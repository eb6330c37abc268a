"""What happens inside a step's container, on either side of TFX's executors."""
