"""One file per phase: what a command does, without printing."""
