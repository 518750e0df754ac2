"""What `emulator` can be told: the trouble it shall make, and what to do to its state."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import typer

# \b keeps the lines of a block as they are.
EPILOG: Final = """\
It can be told to misbehave, by these options or by a TOML file (docs/emulator.md has its tables):
the one of --trouble, else the one that CHARGEN_EMULATOR_TROUBLE names, else trouble.toml in the
state's directory. The emulator that every command with --backend emulator starts reads the same
file, and each fault of the file happens once, whichever command meets it.

\b
METHOD is one of
  files.upload.start   files.upload.chunk   files.get   files.list
  files.delete   files.download   batches.create   batches.get
  batches.list   batches.cancel   batches.delete   models.get
  models.list   models.generateContent   models.countTokens
  token (a login to Google Cloud)

\b
KIND, with *N for N times, is one of
  status:CODE       refused with Google's error body; status:429:S asks
                    to come again after S seconds
  empty:CODE        an answer without a body
  html:CODE         a page of HTML, as proxies send it (html:200 too)
  drop_before       closed without an answer, nothing done
  drop_after        done, and the answer lost
  hang:S            silent for S seconds (60), then closed, nothing done
  slow:S            done, and answered after S seconds (1)
  truncate          half of the answer, its whole length promised
  truncate_chunked  half of the answer, the last chunk missing
  truncate_close    half of the answer, and nothing that shows it
  empty_list        a list that says {}
  lost_page         a page of a list without its items
  last_page         a page of a list that tells of no further one
  repeat_page       a page of a list that names itself as the next
  pass              this call goes well

\b
ENDING, by the job's display name, is one of
  SUCCEEDED  FAILED  EXPIRED  CANCELLED  PARTIALLY_SUCCEEDED
  BATCH_STATE_ANYTHING (a job that comes to it stays there)
  DELETED (somebody else has removed the job)
and may go on "with output", "with lost output" (its download is a 404)
or "without output". A job that did not succeed has answered the first
half of its rows.

\b
OUTCOME, by the row's key, is one of
  success  row_error:CODE (gRPC, 13)  blocked:REASON  safety:REASON
  text_only  signature  keyless  missing  duplicate
  split  wrong_json  truncated:REASON (texts: in several parts, by no
  schema, cut off)
  status:CODE (as row_error, in `status`)  late (first an error)
  torn  foreign (a key that nobody asked for)  no_response
  no_candidate  snake (its names)  escaped (its slashes)
  several  draft  wrong_mime  bad_data  broken_picture
  undecodable  wrong_size (pictures)

\b
QUOTA is one of
  max_live_jobs  max_enqueued_tokens (by model; a quarter of the
  characters, and 258 a picture)  max_stored_bytes
"""


@dataclass(frozen=True, slots=True)
class TroubleOptions:
    """What shall go wrong."""

    trouble: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Make the trouble that a TOML file describes."),
    ] = None
    fault: Annotated[
        list[str] | None,
        typer.Option(
            metavar="METHOD=KIND[*N]", help="Let the next call of a method go wrong (repeat)."
        ),
    ] = None
    ending: Annotated[
        list[str] | None,
        typer.Option(metavar="GLOB=ENDING", help="Let jobs of such names end so (repeat)."),
    ] = None
    row: Annotated[
        list[str] | None,
        typer.Option(metavar="GLOB=OUTCOME", help="Let rows of such keys end so (repeat)."),
    ] = None
    latency: Annotated[
        list[str] | None,
        typer.Option(metavar="METHOD=S", help="Let a method (a glob) take so long (repeat)."),
    ] = None
    quota: Annotated[
        list[str] | None,
        typer.Option(metavar="QUOTA=N", help="Refuse with 429 what goes past it (repeat)."),
    ] = None


@dataclass(frozen=True, slots=True)
class StateOptions:
    """What is done to the state, instead of serving it."""

    at: Annotated[
        str | None,
        typer.Option(metavar="ISO", help="Set the emulator's clock, and end."),
    ] = None
    advance: Annotated[
        str | None,
        typer.Option(metavar="N[s|m|h|d]", help="Move the emulator's clock on, and end."),
    ] = None
    expire: Annotated[
        str | None,
        typer.Option(metavar="GLOB", help="Let files of such display names expire now, and end."),
    ] = None
    rewind: Annotated[
        bool, typer.Option("--rewind", help="Let the faults of the file happen again, and end.")
    ] = False
    unused: Annotated[
        bool,
        typer.Option(
            "--unused", help="Print the faults of the file that did not happen yet, and end: 1."
        ),
    ] = False

    @property
    def asked(self) -> bool:
        """Say whether anything is to be done."""
        return any((self.at, self.advance, self.expire is not None, self.rewind, self.unused))
