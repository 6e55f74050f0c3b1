"""What decoding gives: pages, or the reason a page could not be had; and its limits."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from worker.errors import DocumentTooLargeError

if TYPE_CHECKING:
    from segmentation.types import GrayImage
    from worker.errors import PermanentError

_PX_PER_MPX = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodeLimits:
    """How much a document may unfold to; checked from headers, before anything is decoded."""

    max_pages: int = 50
    max_page_mpx: float = 80.0  # an A3 sheet at 600 dpi has 70

    def check_pages(self, count: int) -> None:
        """Refuse a document of too many pages.

        Raises:
            DocumentTooLargeError: with what was found and the limit.
        """
        if count > self.max_pages:
            raise DocumentTooLargeError(
                f"{count} pages or more, limit {self.max_pages}; split the document, or raise "
                "PENNAME_MAX_PAGES"
            )

    def check_pixels(self, *, width_px: float, height_px: float) -> None:
        """Refuse a picture that would not fit in memory.

        Raises:
            DocumentTooLargeError: with what was found and the limit.
        """
        mpx = width_px * height_px / _PX_PER_MPX
        if mpx > self.max_page_mpx:
            raise DocumentTooLargeError(
                f"a page of {width_px:.0f} x {height_px:.0f} px is {mpx:.0f} megapixels, limit "
                f"{self.max_page_mpx:g}; scan at fewer dpi, or raise PENNAME_MAX_PAGE_MPX"
            )

    @property
    def max_page_px(self) -> float:
        """The pixel limit in pixels."""
        return self.max_page_mpx * _PX_PER_MPX


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DecodedPage:
    """One page as a picture: upright as its file says, pixels square."""

    page_index: int  # from 0
    image: GrayImage = field(repr=False)  # (H, W)
    dpi: float | None  # what the file claims, or what a PDF was drawn at


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedPage:
    """One page that could not be decoded, among others that may be."""

    page_index: int  # from 0
    error: PermanentError
