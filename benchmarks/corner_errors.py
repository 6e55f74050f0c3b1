"""How far fields are from where they truly lie: of penname, and of other ways beside it.

An error is the largest error of a corner of a field's box, in px at ``SHEET_DPI``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from benchmarks.distortions import SHEET_DPI
from segmentation.warp import corners, inverse, move

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.alignments import Aligner
    from benchmarks.distortions import Scan
    from segmentation import Template
    from segmentation.types import Points

GOOD_PX, GRAVE_PX = 8.0, 20.0


class Judged(Protocol):
    """A page that was laid onto its form in several ways."""

    @property
    def grade(self) -> str:
        """How badly it was distorted."""
        ...

    @property
    def error_px(self) -> float:
        """Penname's error; inf where it refused the page."""
        ...

    @property
    def silent(self) -> bool:
        """Whether something is far from its place and penname said nothing."""
        ...

    @property
    def rivals(self) -> Mapping[str, float]:
        """The error of each other way; inf where it gave up."""
        ...


def corner_error(quad: Points, name: str, scan: Scan) -> float:
    """Compare a field's (4, 2) corners on a page with the truth."""
    off = quad - scan.boxes[name]
    return float(np.linalg.norm(off, axis=1).max()) * SHEET_DPI / scan.dpi


def rival_error(align: Aligner, form: Template, scan: Scan) -> float:
    """Give the largest error of another way, which knows the form; inf where it gives up."""
    aligned = align(scan.image)
    if aligned is None:
        return float("inf")
    to_page = inverse(aligned.page_to_template)
    return max(
        corner_error(move(corners(spec.box), to_page), spec.name, scan)
        for spec in form.fields
        if spec.name in scan.boxes
    )


def rival_rows(outcomes: Sequence[Judged]) -> list[dict[str, float | str]]:
    """Count, for each way and grade, what is near, far and given up; none where none was tried."""
    pages = [o for o in outcomes if o.rivals]
    rows: list[dict[str, float | str]] = []
    for grade in dict.fromkeys(o.grade for o in pages):
        some = [o for o in pages if o.grade == grade]
        rows.append(_row(grade, "penname", [o.error_px for o in some], sum(o.silent for o in some)))
        for name in some[0].rivals:
            errors = [o.rivals[name] for o in some]
            far = sum(GRAVE_PX < error < float("inf") for error in errors)  # it says nothing
            rows.append(_row(grade, name, errors, far))
    return rows


def _row(grade: str, way: str, errors: list[float], silent: int) -> dict[str, float | str]:
    placed = [error for error in errors if np.isfinite(error)] or [0.0]
    return {
        "grade": grade,
        "way": way,
        "pages": len(errors),
        "within_8_px": round(sum(error <= GOOD_PX for error in errors) / len(errors), 4),
        "gave_up": round(sum(not np.isfinite(error) for error in errors) / len(errors), 4),
        "median_px": round(float(np.median(placed)), 2),
        "silent_over_20_px": silent,
    }
