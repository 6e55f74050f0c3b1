"""What a GPU does while crops are read: the share of time it computes, and its peak memory.

Copies to and from the device are not computing. Kernels that run side by side count once. The
figures come from a round of their own, since a profiler slows what it watches a little.

Source: https://docs.pytorch.org/docs/stable/profiler.html
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import torch
from torch.profiler import ProfilerActivity, profile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_COPIES = ("Memcpy", "Memset")
_US_A_SECOND = 1e6
_MIB = 2**20


def gpu_figures(read: Callable[[], object], device: str) -> dict[str, float | str]:
    """Read once more, watched.

    Args:
        read: reads all crops.
        device: where, as torch names it.

    Returns:
        ``gpu_busy_share``, in [0, 1], and ``gpu_peak_mib``, of tensors at once; or
        ``gpu_left_out``, which says why there are none.
    """
    if torch.device(device).type != "cuda":
        return {"gpu_left_out": f"it reads on {device}"}
    torch.cuda.synchronize(device)
    torch.cuda.reset_peak_memory_stats(device)
    with profile(activities=[ProfilerActivity.CUDA]) as watched:
        began = time.perf_counter()
        read()
        torch.cuda.synchronize(device)
        seconds = time.perf_counter() - began
    kernels = (
        (event.time_range.start / _US_A_SECOND, event.time_range.end / _US_A_SECOND)
        for event in watched.events() or ()
        if event.device_type.name == "CUDA" and not event.name.startswith(_COPIES)
    )
    return {
        "gpu_busy_share": round(covered(kernels) / seconds, 3),
        "gpu_peak_mib": round(torch.cuda.max_memory_allocated(device) / _MIB, 1),
    }


def covered(intervals: Iterable[tuple[float, float]]) -> float:
    """Give the length of what intervals, each from a start to an end, cover together."""
    total, reached = 0.0, float("-inf")
    for start, end in sorted(intervals):
        total += max(0.0, end - max(start, reached))
        reached = max(reached, end)
    return total
