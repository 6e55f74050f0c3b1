"""Pages to the bytes of a scan file: JPEG, PNG, TIFF of one or more pages, PDF.

Equal pages give equal bytes: no file carries the time it was made.
"""

from __future__ import annotations

import io
import time
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segmentation.types import GrayImage


class Container(StrEnum):
    """A kind of file; its value is the suffix."""

    JPEG = "jpg"
    PNG = "png"
    TIFF = "tif"
    PDF = "pdf"


_FORMATS = {
    Container.JPEG: "JPEG",
    Container.PNG: "PNG",
    Container.TIFF: "TIFF",
    Container.PDF: "PDF",
}
_JPEG_QUALITY = (45, 80)  # from, to; what office scanners use
_PAPER = 190  # lighter than the faintest pen, darker than the shaded paper
_PNG_STEP = 16  # from one gray level kept to the next
_NO_TIME = time.gmtime(0)


def encode(
    pages: Sequence[GrayImage], container: Container, *, dpi: int, rng: np.random.Generator
) -> bytes:
    """Encode scanned pages as one file.

    Args:
        pages: (H, W) uint8 each; JPEG and PNG take exactly one.
        container: the kind of file.
        dpi: pixels per inch, which the file states.
        rng: chooses how hard JPEG and PDF are compressed.

    Raises:
        ValueError: several pages for a file that holds one, or no page.
    """
    holds_several = container in {Container.TIFF, Container.PDF}
    if not pages or (len(pages) > 1 and not holds_several):
        raise ValueError(f"a {container} file does not hold {len(pages)} pages")
    quality = int(rng.integers(*_JPEG_QUALITY))
    first, *rest = (_prepare(page, container) for page in pages)
    buffer = io.BytesIO()
    first.save(buffer, _FORMATS[container], **_options(container, rest, dpi, quality))
    return buffer.getvalue()


def _options(
    container: Container, rest: Sequence[Image.Image], dpi: int, quality: int
) -> dict[str, object]:
    """Give what Pillow is told besides the first page."""
    more_pages = {"save_all": True, "append_images": rest}
    options: dict[Container, dict[str, object]] = {
        Container.JPEG: {"quality": quality, "dpi": (dpi, dpi)},
        Container.PNG: {"dpi": (dpi, dpi)},
        Container.TIFF: {"compression": "group4", "dpi": (dpi, dpi), **more_pages},
        Container.PDF: {
            "quality": quality,
            "resolution": dpi,
            "creationDate": _NO_TIME,
            "modDate": _NO_TIME,
            **more_pages,
        },
    }
    return options[container]


def _prepare(page: GrayImage, container: Container) -> Image.Image:
    """Bring a page to the pixels that the container keeps."""
    if container is Container.TIFF:  # black and white, as a fax or a copier sends them
        return Image.fromarray(page > _PAPER)
    if container is Container.PNG:  # paper made white, as scanners do for text
        return Image.fromarray(
            np.where(page > _PAPER, np.uint8(255), page // _PNG_STEP * _PNG_STEP)
        )
    return Image.fromarray(page)
