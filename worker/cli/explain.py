"""``penname explain``: where a name came from, down to the bytes and the crop."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003, typer reads annotations when it runs
from typing import TYPE_CHECKING, Annotated

import typer

from worker.errors import NoSuchResultError
from worker.types import GREEDY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from worker.config import Settings
    from worker.database.explanations import Explanation


def explain(
    result_id: Annotated[
        str, typer.Argument(help="As penname results prints it; its first digits do.")
    ],
    *,
    out: Annotated[
        Path | None, typer.Option(metavar="CROP.png", help="Save the crop that was read.")
    ] = None,
    db: Annotated[str | None, typer.Option(help="Database URL.")] = None,
    store: Annotated[str | None, typer.Option(help="Where the crops are kept.")] = None,
) -> None:
    """Tell where a name came from: file, page, form, box, model, confidence, corrections."""
    from worker.config import read_settings
    from worker.database.explanations import explain_result
    from worker.database.session import reading

    settings = read_settings(database_url=db, store=store)
    with reading(settings.database_url.get_secret_value()) as session:
        found = explain_result(session, result_id)
    for title, lines in _sections(found):
        print(title)
        for label, value in lines:
            print(f"  {label:<18}{value}")
    if out is not None:
        _save_crop(found, settings, out)
        print(f"crop saved as {out}")


def _save_crop(found: Explanation, settings: Settings, out: Path) -> None:
    from worker.crop_archive import crop_png
    from worker.storage.files import replacing
    from worker.storage.s3 import S3Options
    from worker.storage.sources import open_store

    if found.crop_key is None:
        raise NoSuchResultError("this reading came without a crop; read the scan again")
    s3 = S3Options(endpoint_url=settings.s3_endpoint_url, checksums=settings.s3_checksums)
    archive = open_store(settings.store, s3).get(found.crop_key)
    png = crop_png(archive, page_index=found.page_index, field_name=found.field_name)
    with replacing(out) as file:
        file.write(png)


def _sections(found: Explanation) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    yield f"result {found.reading_id}", _reading_lines(found)
    yield "characters", [(repr(c), f"{p:.3f}, frames {a} to {b}") for c, p, a, b in found.chars]
    yield "scan", _scan_lines(found)
    yield "page on the form", _page_lines(found)
    yield "field on the page", _field_lines(found)
    yield "corrections, the latest last", _correction_lines(found)


def _reading_lines(found: Explanation) -> list[tuple[str, str]]:
    return [
        ("text", repr(found.text)),
        ("raw text", f"{found.raw_text!r}, before prior or lexicon"),
        ("rewritten", "yes" if found.text != found.raw_text else "no"),
        *(("or", f"{text!r}, share {share:.3f}") for text, share in found.alternatives),
        ("status", found.status),
        ("confidence", f"{found.confidence:.4f}, {found.raw_confidence:.4f} before calibration"),
        ("model", f"{found.model_id}, SHA-256 {found.model_sha256}"),
        ("names weighed", _names_weighed(found)),
        ("attempt", f"{found.attempt}, begun {found.started_at.isoformat()}"),
        ("read", found.read_at.isoformat()),
        ("current", "yes" if found.is_current else "no, the scan was read anew since"),
    ]


def _names_weighed(found: Explanation) -> str:
    if found.decoder_version == GREEDY:
        return "none, the ink alone was read"
    of_list = "" if found.lexicon is None else f", list {found.lexicon!r}"
    return f"version {found.decoder_version}{of_list}"


def _scan_lines(found: Explanation) -> list[tuple[str, str]]:
    return [
        ("file", found.uri),
        ("version", found.version or "none, but for the SHA-256"),
        ("SHA-256", found.sha256),
        ("size", f"{found.size_bytes} bytes"),
        ("batch", f"{found.batch}, registered {found.registered_at.isoformat()}"),
        ("page", str(found.page_index + 1)),
    ]


def _page_lines(found: Explanation) -> list[tuple[str, str]]:
    rows = [found.page_to_template[start : start + 3] for start in (0, 3, 6)]
    page = found.template_page_index + 1
    return [
        ("template", f"{found.template_id}, version {found.template_version}, page {page}"),
        ("page to template", "; ".join(" ".join(f"{n:.6g}" for n in row) for row in rows)),
        ("turn and skew", f"{found.turn_deg} deg and {found.skew_deg:.2f} deg"),
        ("resolution", f"{found.scan_dpi:.0f} dpi"),
        *_evidence_lines(found),
    ]


def _evidence_lines(found: Explanation) -> list[tuple[str, str]]:
    if found.is_by_label:
        return [("evidence", "none: the page has no template to be compared with")]
    return [
        ("evidence", f"{found.inlier_count} pairs over {found.inlier_spread:.0%} of the form"),
        ("distance", f"{found.rms_px:.2f} px root mean square, template px"),
        ("agreement", f"{found.page_agreement:.0%} of the print found in place"),
    ]


def _field_lines(found: Explanation) -> list[tuple[str, str]]:
    x, y, width, height = found.template_box
    corners = ", ".join(f"({x:.1f}, {y:.1f})" for x, y in found.page_quad)
    return [
        ("field", found.field_name),
        ("box on template", f"x {x}, y {y}, width {width}, height {height} px"),
        ("corners on page", f"{corners} px"),
        ("label", repr(found.label) if found.label else "not known"),
        ("letters", found.letters),
        ("ink", f"{found.ink_fraction:.1%} of the box"),
        (
            "agreement",
            "none: placed by its label"
            if found.is_by_label
            else f"{found.field_agreement:.0%} of the print around it found in place",
        ),
        ("doubt", found.doubt or "none"),
        ("crop", found.crop_key or "none"),
    ]


def _correction_lines(found: Explanation) -> list[tuple[str, str]]:
    return [
        (
            f"{said.corrected_at:%Y-%m-%d %H:%M}",
            f"{said.corrected_by}: {said.text!r}, {said.status}",
        )
        for said in found.corrections
    ] or [("none", "")]
