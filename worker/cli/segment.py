"""``penname segment``: what segmentation sees on one page, without reading it."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003, typer reads annotations when it runs
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from segmentation import PageSegmentation


def segment(
    scan: Annotated[
        Path, typer.Argument(metavar="FILE", help="JPEG, PNG, TIFF or PDF of a filled form.")
    ],
    *,
    template: Annotated[
        list[Path],
        typer.Option(metavar="DIR", help="A template, or a folder of them; may be given again."),
    ],
    overlay: Annotated[Path, typer.Option(metavar="PNG", help="Picture to write.")],
    page: Annotated[int, typer.Option(min=1, help="Which page of the file.")] = 1,
) -> None:
    """Draw what each step of segmentation saw on a page; nothing is read or stored.

    The form's grid as it lies on the page, its printed places found (green) or not (red), the
    fields by state, and each field as it came over its crop. Of a page that is refused, the
    printed places of the form that it comes nearest to, and the reason.
    """
    from worker.config import read_settings
    from worker.inspecting import inspect_page
    from worker.runtime import decode_limits, load_catalog
    from worker.storage.files import replacing

    catalog, params = load_catalog(template)
    seen = inspect_page(scan, catalog, params, decode_limits(read_settings()), page_number=page)
    with replacing(overlay) as file:
        file.write(seen.png())
    print(f"wrote {overlay}")
    if seen.refusal is not None:
        raise seen.refusal
    if seen.segmentation is not None:
        _report(seen.segmentation)


def _report(found: PageSegmentation) -> None:
    print(
        f"{found.template_id}, page {found.page_index + 1}: turn {found.turn_deg}, skew "
        f"{found.skew_deg:.1f} deg, {found.scan_dpi:.0f} dpi, print found {found.agreement:.0%}"
    )
    for crop in found.crops:
        doubt = f" ({crop.doubt})" if crop.doubt else ""
        cells = f", {crop.cells}" if crop.cells is not None else ""
        print(f"  {crop.field_name}: {crop.state}{doubt}, surroundings {crop.agreement:.0%}{cells}")
