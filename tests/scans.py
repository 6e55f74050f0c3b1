"""Files as scanners and strangers make them: sound ones by Pillow, odd ones by hand."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segmentation import GrayImage


def encode(image: GrayImage | Image.Image, kind: str, **options: Any) -> bytes:
    """Write one picture in a format that Pillow knows: JPEG, PNG, TIFF or PDF."""
    picture = image if isinstance(image, Image.Image) else Image.fromarray(image)
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def encode_pages(images: Sequence[GrayImage], kind: str, **options: Any) -> bytes:
    """Write several pages into one TIFF or PDF."""
    first, *others = map(Image.fromarray, images)
    return encode(first, kind, save_all=True, append_images=others, **options)


def write_pdf(objects: Sequence[bytes], *, trailer: bytes = b"") -> bytes:
    """Write a PDF of given objects, numbered from 1; the first is the catalog."""
    out, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return out + (
        b"xref\n0 %d\n0000000000 65535 f \n%btrailer\n<</Size %d/Root 1 0 R%b>>\n"
        b"startxref\n%d\n%%%%EOF\n"
    ) % (len(objects) + 1, table, len(objects) + 1, trailer, len(out))


def pdf_of_pages(*media_boxes: str) -> bytes:
    """Write a PDF of empty pages of given sizes, as ``0 0 595 842`` in points."""
    kids = b" ".join(b"%d 0 R" % (at + 3) for at in range(len(media_boxes)))
    pages = [b"<</Type/Page/Parent 2 0 R/MediaBox[%b]>>" % box.encode() for box in media_boxes]
    tree = b"<</Type/Pages/Kids[%b]/Count %d>>" % (kids, len(pages))
    return write_pdf([b"<</Type/Catalog/Pages 2 0 R>>", tree, *pages])


def encrypted_pdf() -> bytes:
    """Write a PDF that asks for a password: its digest of the empty one is wrong."""
    digest = b"<" + b"11" * 32 + b">"
    return write_pdf(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>",
            b"<</Filter/Standard/V 1/R 2/P -4/O%b/U%b>>" % (digest, digest),
        ],
        trailer=b"/Encrypt 4 0 R/ID[<00><00>]",
    )


def endless_pdf() -> bytes:
    """Write a PDF of a few kilobytes that draws a line 10 to the 20 times: a poison file."""
    levels, first = 20, 5
    calls = b"/F Do " * 10
    forms = [
        _stream(
            b"/Type/XObject/Subtype/Form/BBox[0 0 600 850]/Resources<</XObject<</F %d 0 R>>>>"
            % (first + level + 1),
            calls,
        )
        for level in range(levels)
    ]
    line = _stream(b"/Type/XObject/Subtype/Form/BBox[0 0 600 850]", b"0 0 m 600 850 l S")
    return write_pdf(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R"
            + b"/Resources<</XObject<</F %d 0 R>>>>>>" % first,
            _stream(b"", calls),
            *forms,
            line,
        ]
    )


def _stream(entries: bytes, content: bytes) -> bytes:
    return b"<</Length %d%b>>stream\n%b\nendstream" % (len(content), entries, content)
