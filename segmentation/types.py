"""Define what flows through segmentation: pages, templates, fields and their crops.

Images are ``(H, W)`` uint8, 0 black ink to 255 white paper. Points are ``(x, y)`` float64 in
pixels from the centre of the top-left pixel. Angles are degrees, counter-clockwise positive
as seen on the page. A homography is named for its direction.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
import numpy.typing as npt

GrayImage = npt.NDArray[np.uint8]  # (H, W), 0 black ink to 255 white paper
Mask = npt.NDArray[np.uint8]  # (H, W), 0 or 255, as OpenCV takes it
Homography = npt.NDArray[np.float64]  # (3, 3), scaled so that [2, 2] is 1
Points = npt.NDArray[np.float64]  # (N, 2): x, y in pixels


class FieldKind(StrEnum):
    """What is written in a field; stored, so never rename a value."""

    FIRST_NAME = "first_name"
    LAST_NAME = "last_name"
    FULL_NAME = "full_name"


class WritingStyle(StrEnum):
    """What a field offers to write on; stored, so never rename a value."""

    LINE = "line"
    BOX = "box"
    COMB = "comb"


class Letters(StrEnum):
    """What letters a field is written in; stored, so never rename a value."""

    ANY = "any"
    UPPER = "upper"  # capitals only, as the form asks for


class FieldState(StrEnum):
    """What segmentation found in a field; stored, so never rename a value."""

    WRITTEN = "written"
    BLANK = "blank"
    STRUCK_OUT = "struck_out"  # in part or whole; what is meant to stand is for a person
    MISPLACED = "misplaced"  # its place, or which ink is its own, is in doubt; never read unseen


class Doubt(StrEnum):
    """Why a field is MISPLACED, its place or its ink in doubt; stored, so never rename a value."""

    NONE = ""
    OUT_OF_PAGE = "out_of_page"
    SURROUNDINGS_HIDDEN = "surroundings_hidden"  # too little print in sight to check by
    SURROUNDINGS_DISAGREE = "surroundings_disagree"
    RULINGS_HIDDEN = "rulings_hidden"  # nothing written, but its printed line is not seen either
    INK_ON_PRINT = "ink_on_print"  # what is written there cannot be told from the form's own print
    INK_OUTSIDE = "ink_outside"  # nothing in the box, but ink beside it that is no other field's
    INK_UNCLEAR = "ink_unclear"  # specks all over, among which writing would not be seen


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Page:
    """One scanned page, as it came."""

    image: GrayImage  # (H, W)
    dpi: float | None = None  # what the file claims; never needed, since many scans say nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """An upright rectangle in whole pixels; covers rows y to y + height - 1."""

    x_px: int  # left column
    y_px: int  # top row
    width_px: int
    height_px: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedWord:
    """One word that is printed on a page, as whoever reads print has it."""

    text: str = field(repr=False)  # a reader of print reads handwriting too, and names with it
    box: Box  # px of the image that was read
    confidence: float  # [0, 1]


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldSpec:
    """Where one handwritten field sits on the form."""

    name: str  # unique in its template: "family_name"
    box: Box
    kind: FieldKind
    style: WritingStyle
    letters: Letters = Letters.ANY
    lexicon: str | None = None  # id of a name list that the value is likely to stand in
    label: str = ""  # what is printed beside it, where somebody has written that down


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Template:
    """A blank form and the fields on it."""

    template_id: str  # what readings call the form
    version: str  # digest of the blank and the fields; stored with every reading
    page_index: int  # which page of its form this is, from 0; a form of n pages is n templates
    image: GrayImage = field(repr=False)  # (H_t, W_t), the blank form
    dpi: float
    fields: tuple[FieldSpec, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CombCells:
    """The cells of a comb, from left to right."""

    walls_px: tuple[int, ...]  # n + 1 columns of the crop
    written: tuple[bool, ...]  # n, whether ink stands in the middle of the cell
    letter_each: bool  # whether the letters keep to the cells, or run across them

    def __str__(self) -> str:
        """Say how many cells are written in, for people."""
        across = "" if self.letter_each else ", across their walls"
        return f"{sum(self.written)} of {len(self.written)} cells written{across}"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FieldCrop:
    """One field cut from a registered page, with the print removed."""

    field_name: str
    image: GrayImage = field(repr=False)  # (h, w), paper 255; 300 px an inch unless set otherwise
    box: Box  # the field without its margin, crop px
    page_box: Points = field(repr=False)  # (4, 2) corners on the page, clockwise from top left
    state: FieldState
    doubt: Doubt  # why ``state`` is MISPLACED, else NONE
    ink_fraction: float  # [0, 1], share of the box that is handwriting
    agreement: float  # [0, 1], share of the print around the field found where it should be
    letters: Letters = Letters.ANY  # as the template has it, like the lexicon
    lexicon: str | None = None
    label: str = ""
    cells: CombCells | None = None  # of a comb whose walls the form shows

    @property
    def blank(self) -> bool:
        """Tell whether nothing is written in the field."""
        return self.state is FieldState.BLANK


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PageSegmentation:
    """All fields of one page, with the evidence that they are the right ones."""

    template_id: str
    template_version: str
    page_index: int  # of the template within its form
    crops: tuple[FieldCrop, ...]  # in template order
    page_to_template: Homography
    turn_deg: int  # quarter turn that the page came with: 0, 90, 180 or 270
    skew_deg: float  # what it was turned beyond that, in (-45, 45]
    scan_dpi: float  # page pixels per inch, measured against the template
    inlier_count: int  # keypoints, or patches near the page's edges, that support the first fit
    inlier_spread: float  # [0, 1], share of the form that the supporting print spans
    rms_px: float  # of the printed patches about the final fit, template px
    agreement: float  # [0, 1], share of visible printed patches found where they should be
    form_pages: tuple[int, ...] = (0,)  # index of every page that the form has a template for
    drafted: tuple[FieldSpec, ...] = ()  # of a page without a template: fields found by labels
