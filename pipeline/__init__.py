"""What runs and in which order: configuration, the DAG, the local runner, and the command line."""
