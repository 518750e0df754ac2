"""What became of the runs that a command acted on."""

from chargen_batch.api.acted import Acted, Report, exit_code

__all__ = ["Acted", "Report", "exit_code"]
