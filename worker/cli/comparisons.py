"""Print how two models read the same crops, and other plain tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recognition.training.compare import Comparison


def print_comparisons(comparisons: Sequence[Comparison], *, names: tuple[str, str]) -> None:
    """Print one line a set; exact match and CER are folded."""
    a, b = names
    print_table(
        [
            ("set", "n", f"exact {a}", f"exact {b}", f"CER {a}", f"CER {b}")
            + (f"only {a}", f"only {b}", "McNemar p"),
            *(
                (
                    *(found.name, str(found.n)),
                    *(f"{share:.3f}" for share in (found.exact_a, found.exact_b)),
                    *(f"{rate:.4f}" for rate in (found.cer_a, found.cer_b)),
                    *(str(found.only_a), str(found.only_b), f"{found.mcnemar_p:.2g}"),
                )
                for found in comparisons
            ),
        ]
    )


def print_table(lines: Sequence[tuple[str, ...]]) -> None:
    """Print aligned columns, the first to the left and the others to the right."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for first, *cells in lines:
        right = (cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True))
        print("  ".join([first.ljust(widths[0]), *right]))
