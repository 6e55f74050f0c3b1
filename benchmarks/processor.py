"""Processor time of processes and all that they started, as Linux counts it in ``/proc``."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """Processor time of one process and of those below it."""

    own_s: float
    below_s: float  # of its children, alive or ended and waited for

    @property
    def total_s(self) -> float:
        """Both."""
        return self.own_s + self.below_s

    def __sub__(self, earlier: Spent) -> Spent:
        """Give what was spent since."""
        return Spent(own_s=self.own_s - earlier.own_s, below_s=self.below_s - earlier.below_s)


def spent(pid: int) -> Spent:
    """Count the processor time of a process and of all below it.

    Args:
        pid: of a process that is alive.
    """
    children: dict[int, list[int]] = {}
    found: dict[int, tuple[float, float]] = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            # The name of the program, in parentheses, may hold spaces.
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:  # it has ended meanwhile
            continue
        parent, user, system, waited_user, waited_system = (
            int(fields[at]) for at in (1, 11, 12, 13, 14)
        )
        children.setdefault(parent, []).append(int(folder.name))
        found[int(folder.name)] = (
            (user + system) * _TICK_S,
            (waited_user + waited_system) * _TICK_S,
        )
    own_s, below_s = found[pid]
    todo = list(children.get(pid, ()))
    while todo:
        child = todo.pop()
        below_s += sum(found[child])
        todo += children.get(child, ())
    return Spent(own_s=own_s, below_s=below_s)
