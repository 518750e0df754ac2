"""The emulator as a part of the program: the trouble that it is told to make."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

from chargen_batch.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from chargen_batch.emulator.trouble import Trouble

    Tables = Mapping[str, Mapping[str, Any]]

HINT: Final = "see chargen-batch emulator --help, and docs/emulator.md"


def trouble_of(
    state_dir: Path,
    named: Path | None = None,
    options: Tables | None = None,
    tell: Callable[[str], None] | None = None,
) -> Trouble:
    """Read the trouble of a state directory; what options say goes before its file.

    The file is the one that is named, else the environment's, else the directory's own; ``tell`` is
    told of it, since it may have been forgotten.

    Raises:
        ConfigError: It is not written as it should be.

    """
    from chargen_batch.emulator import trouble_file

    file = named or trouble_file.find_trouble(state_dir, os.environ)
    if file is not None and tell is not None:
        tell(f"the emulator makes trouble, as {file} says")
    try:
        tables = {} if file is None else trouble_file.read_trouble(file)
        return trouble_file.trouble_of(tables, options or {}, str(file))
    except trouble_file.TroubleError as err:
        raise ConfigError(str(err), hint=HINT) from err
