"""What the operating system refuses, as an error of ours."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from chargen_batch.errors import of_the_system

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def refused_by_the_system() -> Iterator[None]:
    """Let a program meet one family of errors.

    Raises:
        SystemRefusedError: The disk is full, a file is not to be read, ...

    """
    try:
        yield
    except OSError as err:
        raise of_the_system(err) from err
