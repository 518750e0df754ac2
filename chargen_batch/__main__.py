"""Run the command line as ``python -m chargen_batch``."""

from chargen_batch.cli.main import entry_point

if __name__ == "__main__":
    entry_point()
