"""From the bytes of a scan to its pages: JPEG, PNG, TIFF and PDF, within limits."""

from __future__ import annotations

from worker.document_images.decode import decode_blank, decode_pages
from worker.document_images.types import DecodedPage, DecodeLimits, RefusedPage

__all__ = ["DecodeLimits", "DecodedPage", "RefusedPage", "decode_blank", "decode_pages"]
