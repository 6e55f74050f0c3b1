"""How often each random distortion is taken and how far it goes, for clean crops and for forms."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class AugmentParams:
    """How often each step is taken, as a share of crops, and how far it goes."""

    # Hand and pen.
    pen: float = 0.45  # thicker or thinner strokes
    uneven: float = 0.25  # pressure changes along the line, and the pen skips
    geometry: float = 0.85
    turn_deg: float = 2.5  # standard deviation
    slant: float = 0.18  # standard deviation, px sideways per px of height
    stretch: float = 0.16  # standard deviation of the log of width against height
    bend: float = 0.035  # largest shift of ink, shares of the height
    tall: float = 0.2  # capitals and ascenders grow against the small letters
    tall_most: float = 1.6  # so many times at most
    cut: float = 0.2  # top or bottom of the ink is cut off
    cut_share: float = 0.2  # of the height, at most; the mean is two fifths of it
    struck: float = 0.04  # a struck-out attempt stands beside the writing
    # What the form prints.
    comb: float = 0.1  # letters apart are set into cells; joined writing never is
    field: float = 0.5  # set into a larger field of a form, with what stands round it
    ruling: float = 0.35  # of those: remnants of a ruling line
    dots: float = 0.12  # a row of guide dots
    erased: float = 0.15  # a ruling was removed, and with it some ink
    label: float = 0.3  # slivers of a printed label
    edge: float = 0.2  # edges of a box
    stamp: float = 0.04  # a stamp, or its edge, over the crop
    # Paper, scanner and file.
    tone: float = 0.7  # grey ink, grey paper, noise
    pencil: float = 0.15  # of those: faint and grainy
    coarse: float = 0.3  # scanned at a lower resolution
    blur: float = 0.2
    jpeg: float = 0.15
    binary: float = 0.12
    fax: float = 0.05  # black and white in few rows, with noise and lost rows
    specks: float = 0.15

    def taken(self, share: float) -> AugmentParams:
        """Take every step ``share`` times as often, and no less far."""
        return replace(self, **{step: getattr(self, step) * share for step in _STEPS})


_STEPS = (
    "pen", "uneven", "geometry", "tall", "cut", "struck", "comb", "field", "stamp",
    "tone", "coarse", "blur", "jpeg", "binary", "fax", "specks",
)  # fmt: skip
FULL = AugmentParams()
LIGHT = AugmentParams(
    uneven=0.2,
    tall=0.05,
    cut=0.08,
    cut_share=0.12,
    struck=0.02,
    comb=0.0,  # what stands round the name would be set into cells as well
    field=0.08,
    ruling=0.2,
    label=0.1,
    stamp=0.03,
    tone=0.4,
    coarse=0.2,
    fax=0.04,
)
"""For crops that come from forms already, with all that stands round them."""
