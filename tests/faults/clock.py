"""A wall clock that jumps, for worker processes: no hook in the product, no libfaketime.

Python runs a module ``sitecustomize`` before all others. Ours, in a folder that only the workers
have on their path, puts a ``time.time`` in place that adds an offset from a file which test and
workers share. The monotonic clock does not jump: it does not on a real machine either.
"""

import mmap
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

FILE = "FAULT_CLOCK"
"""The variable that names the file: one signed 64-bit number of nanoseconds."""

_OFFSET = struct.Struct("<q")

_SITECUSTOMIZE = f'''
import mmap, os, struct, sys, time

if not any("standin" in argument for argument in sys.orig_argv):  # the API's clock is right
    with open(os.environ["{FILE}"], "rb") as file:
        shared = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    offset, real = struct.Struct("{_OFFSET.format}").unpack_from, time.time_ns
    time.time_ns = lambda: real() + offset(shared)[0]
    time.time = lambda: time.time_ns() / 1e9
'''


class Clock:
    """The clock of every process that was started within :meth:`in_children`."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "sitecustomize.py").write_text(_SITECUSTOMIZE, encoding="utf-8")
        self._folder = folder
        self._file = folder / "offset"
        self._file.write_bytes(_OFFSET.pack(0))
        with self._file.open("r+b") as file:
            self._shared = mmap.mmap(file.fileno(), _OFFSET.size)

    def jump(self, seconds: float) -> None:
        """From now on their clocks are so far ahead of ours, or behind; 0 sets them right."""
        _OFFSET.pack_into(self._shared, 0, int(seconds * 1e9))

    @contextmanager
    def in_children(self) -> Iterator[None]:
        """Processes that are started in the block, with our environment, have this clock."""
        path = os.pathsep.join(filter(None, [str(self._folder), os.environ.get("PYTHONPATH")]))
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("PYTHONPATH", path)
            environment.setenv(FILE, str(self._file))
            # Its C code would ask the real clock for the time of a record.
            environment.setenv("AIOKAFKA_NO_EXTENSIONS", "1")
            yield
