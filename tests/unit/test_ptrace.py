import ctypes
import os
import sys

import pytest

from faults import ptrace

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="a process reads its memory by /proc on Linux only")


@LINUX
@pytest.mark.parametrize("before", [1, 5, 4096])
def test_a_path_is_read_whole_where_it_goes_on_in_the_next_page_of_memory(before: int) -> None:
    pages = ctypes.create_string_buffer(3 * 4096)
    boundary = -(-ctypes.addressof(pages) // 4096) * 4096
    start = boundary + 4096 - before
    ctypes.memmove(start, b"/a/folder\0and more", 18)
    assert ptrace._text(os.getpid(), start) == "/a/folder"
