"""The run directory: its documents, ledgers, lock, and which run a command takes."""
