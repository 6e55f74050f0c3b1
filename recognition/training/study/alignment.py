"""Which character was read as which: the edits between two texts, cheapest first."""

from __future__ import annotations

import numpy as np

from recognition.training.study.types import NOTHING


def aligned(truth: str, read: str) -> list[tuple[str, str]]:
    """Pair the characters of two texts along a path of fewest edits.

    Returns:
        Pairs of a true and a read character; ``NOTHING`` stands where one side has none.
    """
    rows, columns = len(truth) + 1, len(read) + 1
    cost = np.zeros((rows, columns), np.int64)
    cost[:, 0], cost[0] = np.arange(rows), np.arange(columns)
    for i in range(1, rows):
        for j in range(1, columns):
            swap = cost[i - 1, j - 1] + (truth[i - 1] != read[j - 1])
            cost[i, j] = min(swap, cost[i - 1, j] + 1, cost[i, j - 1] + 1)
    pairs: list[tuple[str, str]] = []
    i, j = len(truth), len(read)
    while i or j:
        if i and j and cost[i, j] == cost[i - 1, j - 1] + (truth[i - 1] != read[j - 1]):
            i, j = i - 1, j - 1
            pairs.append((truth[i], read[j]))
        elif i and cost[i, j] == cost[i - 1, j] + 1:
            i -= 1
            pairs.append((truth[i], NOTHING))
        else:
            j -= 1
            pairs.append((NOTHING, read[j]))
    return pairs[::-1]
