"""Pictures of scans for people: a field's crop, and the part of the page around a field."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

from worker.crop_archive import crop_png, encode_png
from worker.document_images import DecodedPage, DecodeLimits, decode_pages
from worker.errors import ObjectMissingError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segmentation import GrayImage
    from worker.storage.base import ObjectStore

_ROUND_HEIGHTS = 4.0  # how much of the page is shown above and below, in heights of the field
_ROUND_WIDTHS = 0.35  # and beside it, in widths
_WIDEST_PX = 1600
_INK_BELOW = 128  # gray
_LEAST_INK_PX = 2  # of a row or column of the crop, so that a speck is none
_MARGIN_PX = 8  # round the writing
_FRAME = (36, 86, 166)  # red, green, blue


def crop_picture(
    store: ObjectStore, crop_key: str | None, *, page_index: int, field_name: str
) -> bytes:
    """Give the PNG of the crop that was read.

    Raises:
        ObjectMissingError: it was never stored, or is no longer.
        StorageUnavailableError: the store does not answer.
    """
    if crop_key is None:
        raise ObjectMissingError("this field came without a crop; look at the page")
    return crop_png(store.get(crop_key), page_index=page_index, field_name=field_name)


def written_part(png: bytes) -> bytes:
    """Cut the white round the writing away from a crop's PNG: on a tile the rest is larger."""
    crop = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_GRAYSCALE)
    dark = np.asarray(crop) < _INK_BELOW
    rows, columns = (np.flatnonzero(dark.sum(axis=axis) >= _LEAST_INK_PX) for axis in (1, 0))
    if not len(rows) or not len(columns):
        return png
    top, bottom = max(0, rows[0] - _MARGIN_PX), rows[-1] + _MARGIN_PX
    left, right = max(0, columns[0] - _MARGIN_PX), columns[-1] + _MARGIN_PX
    return encode_png(np.asarray(crop, np.uint8)[top : bottom + 1, left : right + 1])


def page_around(page: GrayImage, quad: Sequence[Sequence[float]]) -> GrayImage:
    """Cut out what lies around a field, upright, with a frame round it.

    Args:
        page: (h, w) uint8, as it was scanned.
        quad: (4, 2) the field's corners in page px, clockwise from its top left.

    Returns:
        (h, w, 3) uint8, red, green and blue.
    """
    corners = np.asarray(quad, np.float64)
    turns = _quarter_turns(corners)
    upright = np.rot90(page, turns)
    corners = _turned(corners, turns, page.shape)
    (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
    beside, above = _ROUND_WIDTHS * (right - left), _ROUND_HEIGHTS * (bottom - top)
    height, width = upright.shape
    x0, x1 = (int(np.clip(x, 0, width)) for x in (left - beside, right + beside))
    y0, y1 = (int(np.clip(y, 0, height)) for y in (top - above, bottom + above))
    if x1 <= x0 or y1 <= y0:  # the field lies off the scan: show all there is
        x0, y0, x1, y1 = 0, 0, width, height
    part = np.asarray(cv2.cvtColor(upright[y0:y1, x0:x1], cv2.COLOR_GRAY2RGB), np.uint8)
    outline = np.rint(corners - (x0, y0)).astype(np.int32)
    cv2.polylines(part, [outline], isClosed=True, color=_FRAME, thickness=3, lineType=cv2.LINE_AA)
    scale = min(1.0, _WIDEST_PX / part.shape[1])
    smaller = cv2.resize(part, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.asarray(smaller, np.uint8)


def whole_page_picture(page: GrayImage) -> bytes:
    """Draw a whole page, no wider than a screen, as a PNG.

    Args:
        page: (h, w) uint8, as it was scanned.
    """
    scale = min(1.0, _WIDEST_PX / max(page.shape))
    smaller = cv2.resize(page, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return encode_png(np.asarray(smaller, np.uint8))


def page_picture(
    scan: bytes, *, page_index: int, quad: Sequence[Sequence[float]], limits: DecodeLimits
) -> bytes:
    """Give a PNG of the part of a scanned page around a field.

    Raises:
        ObjectMissingError: the scan has no such page.
        PermanentError: the scan or this page of it cannot be decoded.
    """
    page = next(islice(decode_pages(scan, limits), page_index, None), None)
    if page is None:
        raise ObjectMissingError("the scan has fewer pages than when it was read")
    if not isinstance(page, DecodedPage):
        raise page.error
    return encode_png(page_around(page.image, quad))


def _quarter_turns(corners: npt.NDArray[np.float64]) -> int:
    """Tell how many counter-clockwise quarter turns of the page make the writing level."""
    x, y = corners[1] - corners[0]  # along the writing; y points down
    return int(np.rint(np.degrees(np.arctan2(y, x)) / 90)) % 4


def _turned(
    corners: npt.NDArray[np.float64], turns: int, shape: tuple[int, ...]
) -> npt.NDArray[np.float64]:
    """Move points as ``np.rot90`` moves pixels, counter-clockwise."""
    height, width = shape
    for _ in range(turns):
        corners = np.column_stack([corners[:, 1], width - 1 - corners[:, 0]])
        height, width = width, height
    return corners
