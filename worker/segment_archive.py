"""A document between its two stages: an archive of its crops, with all that is known of them.

Beside the crops it holds ``document.json``: the pages, the evidence that each was laid onto its
form, and what is known of each field. With it one worker reads what another has cut, on another
machine, and the same rows come of it as in one process. Numbers keep every digit. Whoever
wants a crop only finds it as in any archive (``worker.crop_archive``).
"""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from segmentation import (
    Box,
    CombCells,
    Doubt,
    FieldCrop,
    FieldKind,
    FieldSpec,
    FieldState,
    Letters,
    PageSegmentation,
    WritingStyle,
)
from worker.crop_archive import CropArchive, pack_crops
from worker.errors import DamagedDocumentError
from worker.types import SegmentedPage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_ENTRY = "document.json"
_FORMAT = 1
_NOT_LOOKED_AT = np.zeros((0, 0), np.uint8)


def pack_document(pages: Sequence[SegmentedPage]) -> bytes:
    """Write every crop of a document, and what is known of it."""
    crops = [(page.page_index, page.segmentation.crops) for page in pages if page.segmentation]
    about = {"format": _FORMAT, "pages": [_page_as_json(page) for page in pages]}
    return pack_crops(crops, {_ENTRY: json.dumps(about).encode()})


def unpack_document(archive: bytes) -> tuple[SegmentedPage, ...]:
    """Read a document as it was packed, but for the pictures of blank crops, which nobody reads.

    These are left in the archive; such a crop has a picture of no pixels.

    Raises:
        ObjectMissingError: it holds crops only.
        DamagedDocumentError: the bytes are not such an archive, or are damaged.
    """
    opened = CropArchive(archive)
    about = opened.entry(_ENTRY)
    try:
        return tuple(_page(page, opened) for page in json.loads(about)["pages"])
    except (KeyError, TypeError, ValueError) as error:
        raise DamagedDocumentError(
            f"what is known of the crops cannot be read ({error!r}); read the scan again"
        ) from error


def _page_as_json(page: SegmentedPage) -> dict[str, Any]:
    found = page.segmentation
    return {
        "page_index": page.page_index,
        "failure_code": page.failure_code,
        "failure_detail": page.failure_detail,
        "segmentation": None if found is None else _segmentation_as_json(found),
    }


def _segmentation_as_json(found: PageSegmentation) -> dict[str, Any]:
    plain = {field.name: getattr(found, field.name) for field in fields(found)}
    return {
        **plain,
        "crops": [_crop_as_json(crop) for crop in found.crops],
        "page_to_template": found.page_to_template.tolist(),
        "drafted": [asdict(spec) for spec in found.drafted],
    }


def _crop_as_json(crop: FieldCrop) -> dict[str, Any]:
    """Say all of a crop but its picture, which lies beside this."""
    plain = {field.name: getattr(crop, field.name) for field in fields(crop)}
    del plain["image"], plain["cells"]
    cells = {} if crop.cells is None else {"cells": asdict(crop.cells)}
    return {**plain, **cells, "box": asdict(crop.box), "page_box": crop.page_box.tolist()}


def _page(page: Mapping[str, Any], archive: CropArchive) -> SegmentedPage:
    found = page["segmentation"]
    return SegmentedPage(
        page_index=page["page_index"],
        failure_code=page["failure_code"],
        failure_detail=page["failure_detail"],
        segmentation=None if found is None else _segmentation(found, archive, page["page_index"]),
    )


def _segmentation(
    found: Mapping[str, Any], archive: CropArchive, page_index: int
) -> PageSegmentation:
    return PageSegmentation(
        **{
            **found,
            "crops": tuple(_crop(crop, archive, page_index) for crop in found["crops"]),
            "page_to_template": np.array(found["page_to_template"], np.float64),
            "drafted": tuple(_spec(spec) for spec in found["drafted"]),
        }
    )


def _crop(crop: Mapping[str, Any], archive: CropArchive, page_index: int) -> FieldCrop:
    state = FieldState(crop["state"])
    return FieldCrop(
        **{
            **crop,
            "image": _NOT_LOOKED_AT
            if state is FieldState.BLANK
            else archive.crop(page_index=page_index, field_name=crop["field_name"]),
            "box": Box(**crop["box"]),
            "page_box": np.array(crop["page_box"], np.float64),
            "state": state,
            "doubt": Doubt(crop["doubt"]),
            "letters": Letters(crop["letters"]),
            "cells": _cells(crop.get("cells")),
        }
    )


def _cells(cells: Mapping[str, Any] | None) -> CombCells | None:
    """Read a comb's cells; no other field has any."""
    if cells is None:
        return None
    return CombCells(
        **{**cells, "walls_px": tuple(cells["walls_px"]), "written": tuple(cells["written"])}
    )


def _spec(spec: Mapping[str, Any]) -> FieldSpec:
    return FieldSpec(
        **{
            **spec,
            "box": Box(**spec["box"]),
            "kind": FieldKind(spec["kind"]),
            "style": WritingStyle(spec["style"]),
            "letters": Letters(spec["letters"]),
        }
    )
