"""The commands of the command line, a module each with `command` in it."""
