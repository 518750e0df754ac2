"""The allocator keeps the pages that one picture lay in for the next one."""

from __future__ import annotations

import mmap
import platform
import subprocess
import sys
from typing import Final

import pytest

PICTURE: Final = 2 << 20
PICTURES: Final = 50
# Prints how many pages came anew while pictures came and went.
COMING_AND_GOING: Final = f"""
import resource, sys
from chargen_batch.cli.allocator import keep_pages
if sys.argv[1] == "kept":
    keep_pages()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range({PICTURES}):
    picture, other = bytes({PICTURE}), bytearray({PICTURE})
    del picture, other
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library decides itself")
def test_pages_of_one_picture_are_those_of_the_next() -> None:
    fresh, kept = (
        int(subprocess.check_output([sys.executable, "-c", COMING_AND_GOING, how]))
        for how in ("fresh", "kept")
    )
    of_one_picture = PICTURE // mmap.PAGESIZE

    assert fresh > PICTURES * of_one_picture // 2
    assert kept < 8 * of_one_picture
