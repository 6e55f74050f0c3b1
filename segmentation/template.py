"""Read and write ``template.toml``, and name every fault of one at once.

A template file looks like this::

    id = "intake"
    dpi = 300
    page_index = 0            # optional; which page of its form this is, from 0

    [[fields]]
    name = "family_name"
    kind = "last_name"        # first_name, last_name, full_name
    style = "line"            # line, box, comb
    letters = "upper"         # optional; any, or upper where people write in capitals only
    box = [452, 305, 876, 80]  # x, y, width, height in pixels of the blank
    lexicon = "surnames"      # optional; a name list the value is likely to stand in
    label = "Last name"       # optional; what is printed beside it, stored with every value

A page of a form on which nothing is to be read says ``fields = []``.

Files are opened elsewhere: this module takes text and pixels.
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from typing import TYPE_CHECKING

from segmentation.boxes import overlap
from segmentation.checks import require_gray
from segmentation.errors import TemplateError
from segmentation.template_faults import FaultReport, syntax_fault
from segmentation.types import Box, FieldKind, FieldSpec, Letters, Template, WritingStyle

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from enum import StrEnum

    from segmentation.types import GrayImage

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")  # safe as a folder and as an object key
_TOP_KEYS = ("id", "dpi", "page_index", "fields")
_FIELD_KEYS = ("name", "kind", "style", "letters", "box", "lexicon", "label")
_DPI_RANGE = (50.0, 1200.0)
_BOX_HINT = "x, y, width, height in pixels of the blank"
_MAX_OVERLAP = 0.5  # of the smaller box; two fields that share more are one field


def parse_template(toml_text: str, blank: GrayImage) -> Template:
    """Read a template from its file's text and its blank form.

    Args:
        toml_text: what ``template.toml`` holds.
        blank: (H, W) the blank form that the boxes are measured on.

    Raises:
        ValueError: ``blank`` is no (H, W) uint8 image, which is a caller's bug.
        TemplateError: the text has faults; all are listed.
    """
    require_gray(blank, what="blank")
    try:
        table = tomllib.loads(toml_text)
    except tomllib.TOMLDecodeError as error:
        raise TemplateError((syntax_fault(error),)) from error
    report = FaultReport(lines=tuple(toml_text.splitlines()))
    template_id = _read_id(table, report)
    dpi = _read_dpi(table, report)
    page_index = _read_page_index(table, report)
    report.unknown_keys(table, _TOP_KEYS, block=None)
    fields = _read_fields(table, blank.shape, report)
    report.raise_if_any()
    return Template(
        template_id=template_id,
        version=template_version(blank, dpi=dpi, page_index=page_index, fields=fields),
        page_index=page_index,
        image=blank,
        dpi=dpi,
        fields=fields,
    )


def format_template(
    *, template_id: str, dpi: float, fields: Sequence[FieldSpec], page_index: int = 0
) -> str:
    """Write the text of a ``template.toml`` that ``parse_template`` reads back."""
    lines = [f"id = {_quote(template_id)}", f"dpi = {dpi:g}"]
    if page_index:
        lines.append(f"page_index = {page_index}")
    if not fields:
        lines.append("fields = []")
    for spec in fields:
        box = spec.box
        lines += [
            "",
            "[[fields]]",
            f"name = {_quote(spec.name)}",
            f"kind = {_quote(spec.kind)}",
            f"style = {_quote(spec.style)}",
            f"box = [{box.x_px}, {box.y_px}, {box.width_px}, {box.height_px}]  # {_BOX_HINT}",
        ]
        if spec.letters is not Letters.ANY:
            lines.append(f"letters = {_quote(spec.letters)}")
        if spec.lexicon is not None:
            lines.append(f"lexicon = {_quote(spec.lexicon)}")
        if spec.label:
            lines.append(f"label = {_quote(spec.label)}")
    return "\n".join(lines) + "\n"


def template_version(
    blank: GrayImage, *, dpi: float, page_index: int, fields: Sequence[FieldSpec]
) -> str:
    """Give 12 hex digits that change when the blank's pixels or any field changes."""
    boxes = [
        [
            s.name,
            s.kind,
            s.style,
            s.lexicon,
            s.box.x_px,
            s.box.y_px,
            s.box.width_px,
            s.box.height_px,
            *([] if s.letters is Letters.ANY else [s.letters]),  # older versions stay as they were
            *([["label", s.label]] if s.label else []),
        ]
        for s in fields
    ]
    head = json.dumps([list(blank.shape), dpi, page_index, boxes], separators=(",", ":"))
    digest = hashlib.sha256(head.encode())
    digest.update(blank.tobytes())
    return digest.hexdigest()[:12]


def _read_id(table: Mapping[str, object], report: FaultReport) -> str:
    value = table.get("id")
    if not isinstance(value, str) or not _ID.fullmatch(value):
        report.add(
            "id",
            None,
            "id is missing or not made of letters, digits, '.', '_' and '-'",
            'write what readings shall call the form, such as id = "intake"',
        )
        return ""
    return value


def _read_dpi(table: Mapping[str, object], report: FaultReport) -> float:
    value = table.get("dpi")
    low, high = _DPI_RANGE
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        report.add(
            "dpi",
            None,
            f"dpi is missing or no number from {low:g} to {high:g}",
            "write the blank's width in pixels divided by the paper's width in inches",
        )
        return 0.0
    return float(value)


def _read_page_index(table: Mapping[str, object], report: FaultReport) -> int:
    value = table.get("page_index", 0)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        report.add("page_index", None, "page_index is no whole number from 0", "page_index = 0")
        return 0
    return value


def _read_fields(
    table: Mapping[str, object], shape: tuple[int, ...], report: FaultReport
) -> tuple[FieldSpec, ...]:
    rows = table.get("fields")
    if not isinstance(rows, list) or not all(isinstance(r, dict) for r in rows):
        fix = "add a [[fields]] block for each, or fields = [] for a page without any"
        report.add("fields", None, "the template has no fields", fix)
        return ()
    fields: list[FieldSpec] = []
    for i, row in enumerate(rows):
        report.unknown_keys(row, _FIELD_KEYS, block=i)
        spec = _read_field(row, i, shape, report)
        if spec is None:
            continue
        if any(spec.name == other.name for other in fields):
            report.add("name", i, f"two fields are named {spec.name!r}", "rename one of them")
        for other in fields:
            if overlap(spec.box, other.box) > _MAX_OVERLAP:
                report.add(
                    "box", i, f"{spec.name!r} covers {other.name!r}", "move or shrink one box"
                )
        fields.append(spec)
    return tuple(fields)


def _read_field(
    row: Mapping[str, object], block: int, shape: tuple[int, ...], report: FaultReport
) -> FieldSpec | None:
    before = len(report.faults)
    name = row.get("name")
    if not isinstance(name, str) or not _ID.fullmatch(name):
        report.add(
            "name",
            block,
            "name is missing or not made of letters, digits, '.', '_' and '-'",
            'write name = "family_name"',
        )
    lexicon = row.get("lexicon")
    if lexicon is not None and (not isinstance(lexicon, str) or not _ID.fullmatch(lexicon)):
        report.add("lexicon", block, "lexicon is no list's id", 'write lexicon = "surnames"')
    label = row.get("label", "")
    if not isinstance(label, str):
        report.add("label", block, "label is no text", 'write label = "Last name"')
    kind = _read_choice(row, "kind", FieldKind, block, report)
    style = _read_choice(row, "style", WritingStyle, block, report)
    letters = _read_choice(row, "letters", Letters, block, report, default=Letters.ANY)
    box = _read_box(row, block, shape, report)
    if len(report.faults) > before or not (kind and style and letters) or box is None:
        return None
    return FieldSpec(
        name=str(name),
        box=box,
        kind=FieldKind(kind),
        style=WritingStyle(style),
        letters=Letters(letters),
        lexicon=None if lexicon is None else str(lexicon),
        label=str(label),
    )


def _read_choice(  # noqa: PLR0913, which words there are, and where the value stands
    row: Mapping[str, object],
    key: str,
    choices: type[StrEnum],
    block: int,
    report: FaultReport,
    *,
    default: str | None = None,
) -> str | None:
    value = row.get(key, default)
    known = [str(c) for c in choices]
    if value not in known:
        fault = f"{key} is {'missing or ' if default is None else ''}unknown"
        report.add(key, block, fault, f"use one of {', '.join(known)}")
        return None
    return str(value)


def _read_box(
    row: Mapping[str, object], block: int, shape: tuple[int, ...], report: FaultReport
) -> Box | None:
    value = row.get("box")
    whole = isinstance(value, list) and [type(v) for v in value] == [int] * 4
    if not isinstance(value, list) or not whole:
        report.add(
            "box", block, "box is missing or not four whole numbers", "write box = [x, y, w, h]"
        )
        return None
    x, y, width, height = value
    if width <= 0 or height <= 0:
        report.add("box", block, "box has no area", "give a width and a height above 0")
        return None
    page_height, page_width = shape
    if x < 0 or y < 0 or x + width > page_width or y + height > page_height:
        report.add(
            "box",
            block,
            f"box {value} leaves the blank, which is {page_width} x {page_height} px",
            "move it onto the page; boxes are x, y, width, height in pixels of the blank",
        )
        return None
    return Box(x_px=x, y_px=y, width_px=width, height_px=height)


def _quote(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)  # a JSON string is a TOML basic string
