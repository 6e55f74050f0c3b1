"""Draw what segmentation saw, for people: a form's fields, or a page's fields and evidence.

Nothing here writes files. Colours are RGB.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

from segmentation.types import FieldState
from segmentation.warp import corners, inverse, move

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segmentation.suggest import Proposal
    from segmentation.types import (
        FieldCrop,
        GrayImage,
        Page,
        PageSegmentation,
        Points,
        Template,
    )

ColorImage = npt.NDArray[np.uint8]  # (H, W, 3), red, green, blue
_Color = tuple[int, int, int]

_STATE_COLORS: dict[FieldState, _Color] = {
    FieldState.WRITTEN: (22, 130, 70),
    FieldState.BLANK: (40, 100, 200),
    FieldState.STRUCK_OUT: (190, 110, 20),
    FieldState.MISPLACED: (200, 40, 40),
}
_FRAME_COLOR: _Color = (130, 60, 170)
_SPEC_COLOR: _Color = (200, 90, 20)
_FILL = 0.16  # share of a field's colour laid over the page, so that writing stays legible


@dataclass(frozen=True, slots=True, kw_only=True)
class OverlayParams:
    """How large the picture is."""

    long_side_px: int = 1600  # legible on one screen, small enough for a README


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Spot:
    """A printed place that was looked for on a page."""

    at: Points  # (2,), page px: where it was found, or where it was missed
    found: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Canvas:
    """A picture being drawn, and how the original's pixels lie on it."""

    image: ColorImage
    scale: float  # canvas px per original px

    def place(self, points: Points) -> npt.NDArray[np.int32]:
        return np.round((points + 0.5) * self.scale - 0.5).astype(np.int32)

    @property
    def stroke(self) -> int:
        height, width = self.image.shape[:2]
        return max(1, int(max(height, width)) // 800)


def draw_template(template: Template, params: OverlayParams | None = None) -> ColorImage:
    """Draw a blank form with its fields: (H, W, 3)."""
    canvas = _canvas(template.image, params or OverlayParams())
    quads = [corners(spec.box) for spec in template.fields]
    for quad in quads:
        _fill(canvas, quad, _SPEC_COLOR)
    for spec, quad in zip(template.fields, quads, strict=True):
        _outline(canvas, quad, _SPEC_COLOR)
        _label(canvas, quad, f"{spec.name}  {spec.kind}  {spec.style}", _SPEC_COLOR)
    page = f", page {template.page_index + 1}" if template.page_index else ""
    title = f"{template.template_id}{page}  {len(quads)} fields  {template.dpi:g} dpi"
    return _with_caption(canvas, f"{title}  version {template.version}")


def draw_suggestion(
    image: GrayImage, proposals: Sequence[Proposal], params: OverlayParams | None = None
) -> ColorImage:
    """Draw the fields that an unknown form seems to have, and the labels they go by: (H, W, 3).

    Args:
        image: (H, W), upright.
        proposals: in its pixels.
        params: how large.
    """
    canvas = _canvas(image, params or OverlayParams())
    for found in proposals:
        _fill(canvas, corners(found.spec.box), _SPEC_COLOR)
        _outline(canvas, corners(found.label_box), _FRAME_COLOR)
    for found in proposals:
        quad = corners(found.spec.box)
        _outline(canvas, quad, _SPEC_COLOR)
        _label(
            canvas, quad, f"{found.spec.name}  {found.spec.kind}  {found.spec.style}", _SPEC_COLOR
        )
    return _with_caption(canvas, f"{len(proposals)} fields proposed by their printed labels")


def draw_overlay(
    page: Page,
    segmentation: PageSegmentation,
    template: Template | None = None,
    params: OverlayParams | None = None,
    *,
    spots: Sequence[Spot] = (),
) -> ColorImage:
    """Draw a page as segmentation saw it.

    Args:
        page: the page that was segmented.
        segmentation: what came of it.
        template: its form, to draw where the form's edge and grid lie on the page.
        params: how large.
        spots: printed places to mark, green where found and red where not.

    Returns:
        (H, W, 3): fields by state (green written, blue blank, orange struck out, red misplaced),
        each with the
        share of its surroundings that was found; below, the evidence for the whole page.
    """
    canvas = _canvas(page.image, params or OverlayParams())
    if template is not None:
        _draw_form_grid(canvas, template, segmentation)
    for spot in spots:
        _mark(canvas, spot)
    for crop in segmentation.crops:
        _fill(canvas, crop.page_box, _STATE_COLORS[crop.state])
    for crop in segmentation.crops:
        color = _STATE_COLORS[crop.state]
        _outline(canvas, crop.page_box, color)
        if crop.cells is not None:
            _draw_walls(canvas, crop, crop.cells.walls_px, color)
        _label(canvas, crop.page_box, _crop_label(crop), color)
    s = segmentation
    return _with_caption(
        canvas,
        f"{s.template_id}  turn {s.turn_deg}  skew {s.skew_deg:.1f} deg  {s.scan_dpi:.0f} dpi  "
        f"pairs {s.inlier_count}  spread {s.inlier_spread:.2f}  rms {s.rms_px:.1f} px  "
        f"print found {s.agreement:.0%}",
    )


def draw_refusal(
    page: Page, why: str, params: OverlayParams | None = None, *, spots: Sequence[Spot] = ()
) -> ColorImage:
    """Draw a page that was refused: (H, W, 3), the reason below it.

    Args:
        page: as it was scanned.
        why: the reason.
        params: how large.
        spots: printed places of the nearest form, green where found and red where not.
    """
    canvas = _canvas(page.image, params or OverlayParams())
    for spot in spots:
        _mark(canvas, spot)
    return _with_caption(canvas, why)


def _canvas(image: GrayImage, params: OverlayParams) -> _Canvas:
    scale = min(1.0, params.long_side_px / max(image.shape))
    height, width = (max(1, round(n * scale)) for n in image.shape)
    small = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    color = cv2.cvtColor(small, cv2.COLOR_GRAY2RGB)
    return _Canvas(image=np.asarray(color, np.uint8), scale=width / image.shape[1])


def _draw_form_grid(canvas: _Canvas, template: Template, segmentation: PageSegmentation) -> None:
    """Draw the form's edge and a coarse grid as they lie on the page."""
    height, width = template.image.shape
    to_page = inverse(segmentation.page_to_template)
    for share in np.linspace(0, 1, 9):
        x, y = share * (width - 1), share * (height - 1)
        down = np.array([[x, v] for v in np.linspace(0, height - 1, 9)])
        across = np.array([[v, y] for v in np.linspace(0, width - 1, 9)])
        edge = share in (0.0, 1.0)
        for line in (down, across):
            run = canvas.place(move(line, to_page))
            thickness = 2 * canvas.stroke if edge else 1
            cv2.polylines(canvas.image, [run], False, _FRAME_COLOR, thickness, cv2.LINE_AA)


def _crop_label(crop: FieldCrop) -> str:
    doubt = f" ({crop.doubt})" if crop.doubt else ""
    return f"{crop.field_name}: {crop.state}{doubt}  {crop.agreement:.0%}"


def _fill(canvas: _Canvas, quad: Points, color: _Color) -> None:
    mask = np.zeros(canvas.image.shape[:2], np.uint8)
    cv2.fillConvexPoly(mask, canvas.place(quad), 255, cv2.LINE_AA)
    inside = mask > 0
    tinted = canvas.image[inside] * (1 - _FILL) + np.array(color) * _FILL
    canvas.image[inside] = tinted.astype(np.uint8)


def _outline(canvas: _Canvas, quad: Points, color: _Color) -> None:
    cv2.polylines(canvas.image, [canvas.place(quad)], True, color, canvas.stroke, cv2.LINE_AA)
    # The field's first corner, so that a turned page can be told from an upright one.
    corner = canvas.place(quad[:1])[0].tolist()
    cv2.circle(canvas.image, corner, 3 * canvas.stroke, color, cv2.FILLED, cv2.LINE_AA)


def _draw_walls(canvas: _Canvas, crop: FieldCrop, walls_px: Sequence[int], color: _Color) -> None:
    """Draw where a comb is cut."""
    top_left, top_right, bottom_right, bottom_left = crop.page_box
    for wall_px in walls_px:
        share = (wall_px - crop.box.x_px) / crop.box.width_px
        wall = np.array(
            [
                top_left + share * (top_right - top_left),
                bottom_left + share * (bottom_right - bottom_left),
            ]
        )
        cv2.polylines(canvas.image, [canvas.place(wall)], False, color, 1, cv2.LINE_AA)


def _mark(canvas: _Canvas, spot: Spot) -> None:
    """Frame a printed place."""
    state = FieldState.WRITTEN if spot.found else FieldState.MISPLACED
    x, y = canvas.place(spot.at[None])[0].tolist()
    side = 5 * canvas.stroke
    top_left, bottom_right = (x - side, y - side), (x + side, y + side)
    cv2.rectangle(canvas.image, top_left, bottom_right, _STATE_COLORS[state], canvas.stroke)


def _label(canvas: _Canvas, quad: Points, text: str, color: _Color) -> None:
    """Write a label on a plate of its own above the field, inside the picture."""
    size = max(canvas.image.shape) / 2600
    font = cv2.FONT_HERSHEY_SIMPLEX
    (width, height), base = cv2.getTextSize(text, font, size, 1)
    points = canvas.place(quad)
    rows, columns = canvas.image.shape[:2]
    pad = 3
    left = int(np.clip(points[:, 0].min(), pad, max(pad, columns - width - pad)))
    low = int(np.clip(points[:, 1].min() - base - pad, height + pad, rows - base - pad))
    top_left, bottom_right = (left - pad, low - height - pad), (left + width + pad, low + base)
    cv2.rectangle(canvas.image, top_left, bottom_right, color, cv2.FILLED)
    cv2.putText(canvas.image, text, (left, low), font, size, (255, 255, 255), 1, cv2.LINE_AA)


def _with_caption(canvas: _Canvas, text: str) -> ColorImage:
    """Add a strip below the picture that says what the numbers are."""
    columns = canvas.image.shape[1]
    font = cv2.FONT_HERSHEY_SIMPLEX
    size = max(canvas.image.shape) / 2600
    (width, height), base = cv2.getTextSize(text, font, size, 1)
    size *= min(1.0, (columns - 16) / max(1, width))
    strip = np.full((height + base + 16, columns, 3), 32, np.uint8)
    cv2.putText(strip, text, (8, height + 8), font, size, (240, 240, 240), 1, cv2.LINE_AA)
    return np.asarray(np.vstack([canvas.image, strip]), np.uint8)
