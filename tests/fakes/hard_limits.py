"""What a small or strict machine does to a child: limits of the kernel, set in the child."""

from __future__ import annotations

import math
import resource
import time
from pathlib import Path

from worker.segment_process import prepare_child

_MIB = 1024 * 1024


def short_of_memory() -> None:
    """Leave a child 96 MiB beyond what it started with."""
    prepare_child()
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
    limit = pages * resource.getpagesize() + 96 * _MIB
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def short_of_time() -> None:
    """Let the kernel kill a child that has used a second or two of processor, as by ``kill -9``."""
    prepare_child()
    limit_s = math.ceil(time.process_time()) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (limit_s, limit_s))


def unable_to_start() -> None:
    """Fail as a child does whose libraries are broken."""
    raise ImportError("libGL.so.1: cannot open shared object file")
