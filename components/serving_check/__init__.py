"""ServingCheck: asks the exported model elsewhere, in a process that has only TensorFlow, before it is pushed."""
