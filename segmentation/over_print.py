"""Tell strokes that run into print from what the blank form prints there.

What is printed is cleared with some slack round it, since a scan's print is not quite where the
blank has it; strokes that run into a label would lose their ends there, and a ``g`` become a ``q``.
How much slack is needed, and how dark the print is, can be seen on this very scan, in letters of
the same phrase that nobody wrote on. Where clearing those leaves nothing behind, what is left of
the others is the pen's (``strokes``); where none are in sight, nothing is kept.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import cv2
import numpy as np

from segmentation.ink import find_pieces, grow
from segmentation.strokes import StrokeParams, follow_strokes
from segmentation.types import GrayImage, Mask  # noqa: TC001, read by dataclass users

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segmentation.printed import FieldPrint


@dataclass(frozen=True, slots=True, kw_only=True)
class OverPrintParams:
    """How strokes are told from print; crop px, 300 to the inch."""

    slack_px: int = 3  # print may lie this far from its place on the blank
    around_px: tuple[int, int] = (90, 45)  # to the sides, and up and down, print is alike
    pale_around_px: tuple[int, int] = (500, 45)  # people write all over pale print;
    apart_px: int = 40  # strokes as far from one another are looked at each on its own,
    pale_apart_px: int = 300  # if they do not
    min_reached_px: int = 3  # of the print's edge crossed; strokes are wider
    behind_px: int = 30  # strokes go on so far behind that at least,
    min_entered_px: int = 50  # with this much ink beside the letters
    min_outside_px: int = 30  # ink of a piece out of the print's reach, to be a stroke
    min_free_px: int = 150  # print that nobody wrote on, to know the phrase by,
    min_free_share: float = 0.15  # and as a share of the phrase
    darker_by: float = 40.0  # gray steps by which a pen is darker than all that print
    darker_share: float = 0.9  # of the pen's ink that must be by half as much
    min_core_px: int = 50  # of its ink off the print, to know how dark it is
    same_shade: int = 12  # gray steps; letters of the blank that differ by less are alike
    strokes: StrokeParams = field(default_factory=StrokeParams)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PrintZone:
    """What print takes from a crop; (h, w) each, 255 where it does."""

    cleared: Mask  # ink there is print
    blind: Mask  # a stroke there would not, or not wholly, be seen
    labels: Mask  # the blank's print whose edges may be left over


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Scan:
    """What the scan shows at a place; (h, w) each."""

    left: Mask  # ink that is no ruling
    flat: GrayImage  # the image itself
    unfit: Mask  # what lies within the slack of print


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Place:
    """Where strokes run into print; (h, w) each."""

    ink: Mask  # the strokes, with the letters that they touch
    bare: Mask  # the strokes off the print
    free: Mask  # the blank's letters that they do not touch,
    rest: Mask  # and the scan's


def plain_zone(printed: FieldPrint, params: OverPrintParams) -> PrintZone:
    """Take whatever lies within the slack of print for print."""
    unfit = grow(printed.labels, params.slack_px)
    return PrintZone(cleared=unfit, blind=unfit, labels=printed.labels)


def closer_zone(  # noqa: PLR0913, the scan, the blank, and the limits
    zone: PrintZone,
    *,
    left: Mask,
    own: Mask,
    flat: GrayImage,
    printed: FieldPrint,
    params: OverPrintParams,
) -> PrintZone | None:
    """Leave the strokes that run into print out of its zone, as far as they can be told from it.

    Args:
        zone: the plain one.
        left: (h, w), 255 on ink that is no ruling.
        own: (h, w), 255 on what is the field's own by the plain zone.
        flat: (h, w), the crop itself, its paper flattened.
        printed: what the blank shows there.
        params: how strokes are told from print.

    Returns:
        The closer zone; None where it is the plain one.
    """
    strokes = own if printed.shade is None else left  # by pale print nothing may be left at first
    edge = cv2.subtract(grow(zone.cleared, 1), zone.cleared)
    reached = np.asarray(cv2.bitwise_and(edge, strokes), np.uint8)
    if cv2.countNonZero(reached) < params.min_reached_px:
        return None
    cleared, blind, labels = zone.cleared.copy(), zone.blind, zone.labels
    around_px, apart_px = params.around_px, params.apart_px
    if printed.shade is not None:
        around_px, apart_px = params.pale_around_px, params.pale_apart_px
    for at in _places(reached, around_px, apart_px):
        if not _enters(left[at], printed.labels[at], zone.cleared[at], reached[at], params):
            continue
        scan = _Scan(left=left[at], flat=flat[at], unfit=zone.cleared[at])
        pen = _darker(scan, printed, at, params)
        if pen is not None:
            blind, labels = blind.copy(), labels.copy()
            blind[at] = labels[at] = 0
        else:
            pen = _followed(scan, own[at], printed, at, params)
        cleared[at] = cv2.subtract(cleared[at], pen)
    if cv2.countNonZero(cleared) == cv2.countNonZero(zone.cleared):
        return None
    return PrintZone(cleared=cleared, blind=blind, labels=labels)


def _places(
    reached: Mask, around_px: tuple[int, int], apart_px: int
) -> Iterator[tuple[slice, slice]]:
    """Find where strokes run into print, with the print around."""
    x_px, y_px = around_px
    columns = np.flatnonzero(reached.any(axis=0))
    for group in np.split(columns, np.flatnonzero(np.diff(columns) > apart_px) + 1):
        first, end = max(0, int(group[0]) - x_px), int(group[-1]) + x_px + 1
        rows = np.flatnonzero(reached[:, group[0] : group[-1] + 1].any(axis=1))
        for part in np.split(rows, np.flatnonzero(np.diff(rows) > apart_px) + 1):
            top, bottom = max(0, int(part[0]) - y_px), int(part[-1]) + y_px + 1
            yield slice(top, bottom), slice(first, end)


def _enters(left: Mask, labels: Mask, unfit: Mask, reached: Mask, params: OverPrintParams) -> bool:
    """Tell whether strokes go on into print, or merely touch the edge of its slack."""
    x, y, width, height = cv2.boundingRect(reached)
    far = params.behind_px
    at = (slice(max(0, y - far), y + height + far), slice(max(0, x - far), x + width + far))
    ink = cv2.bitwise_and(left[at], unfit[at])
    beside = cv2.subtract(ink, grow(np.ascontiguousarray(labels[at]), 1))
    return cv2.countNonZero(beside) >= params.min_entered_px


def _darker(
    scan: _Scan, printed: FieldPrint, at: tuple[slice, slice], params: OverPrintParams
) -> Mask | None:
    """Mark the strokes of a pen that is darker than the print; None where it is not."""
    if printed.shade is None:
        return None
    place = _look(scan, scan.left, printed.labels[at], params)
    if place is None or not _alike(printed.shade[at], place, params):
        return None
    dark = np.asarray(cv2.bitwise_not(cv2.GaussianBlur(scan.flat, (3, 3), 0)), np.uint8)
    side = np.ones((3, 3), np.uint8)
    core = cv2.erode(place.bare, side) > 0
    # A stroke's edges are paler than it is.
    print_dark, pen_dark = dark[place.rest > 0], cv2.dilate(dark, side)[core]
    if len(print_dark) < params.min_free_px or len(pen_dark) < params.min_core_px:
        return None
    most = float(np.quantile(print_dark, 0.99))
    least = most + params.darker_by / 2
    if float(np.median(pen_dark)) < most + params.darker_by:
        return None
    if float((pen_dark > least).mean()) < params.darker_share:
        return None
    pen = np.where(dark > least, place.ink, np.uint8(0))
    return np.asarray(cv2.bitwise_and(grow(pen, 1), place.ink), np.uint8)


def _followed(
    scan: _Scan, own: Mask, printed: FieldPrint, at: tuple[slice, slice], params: OverPrintParams
) -> Mask:
    """Mark what can be seen of the field's own strokes among print as dark as they are."""
    labels = printed.labels[at]
    place = _look(scan, own, labels, params)
    if place is None:
        return np.zeros_like(own)
    return follow_strokes(
        place.ink,
        bare=place.bare,
        labels=labels,
        free=place.free,
        rest=place.rest,
        params=params.strokes,
    )


def _look(scan: _Scan, strokes: Mask, labels: Mask, params: OverPrintParams) -> _Place | None:
    """Part a phrase's letters by whether strokes touch them; None where too few are free."""
    pieces = find_pieces(scan.left)
    outside = (strokes > 0) & (scan.unfit == 0)
    written = pieces.count_where(outside) >= params.min_outside_px
    written[0] = False
    ink = pieces.draw(written)
    letters = find_pieces(labels)
    alone = letters.count_where(grow(ink, 1) > 0) == 0
    alone[0] = False
    free = letters.draw(alone)
    least = max(params.min_free_px, params.min_free_share * cv2.countNonZero(labels))
    if cv2.countNonZero(free) < least:
        return None
    untouched = cv2.subtract(scan.left, ink)
    return _Place(
        ink=ink,
        bare=np.asarray(cv2.subtract(ink, scan.unfit), np.uint8),
        free=free,
        rest=np.asarray(cv2.bitwise_and(untouched, grow(free, params.slack_px)), np.uint8),
    )


def _alike(shade: GrayImage, place: _Place, params: OverPrintParams) -> bool:
    """Tell whether no letter that strokes touch is darker on the blank than one that is free."""
    free = int(shade[place.free > 0].max())
    return int(shade.max()) <= free + params.same_shade
