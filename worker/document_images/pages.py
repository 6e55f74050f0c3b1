"""Take one page of a file that a person named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.document_images.decode import decode_pages
from worker.document_images.types import DecodedPage, DecodeLimits
from worker.errors import ConfigError, PermanentError

if TYPE_CHECKING:
    from pathlib import Path


def page_of(path: Path, limits: DecodeLimits, number: int) -> DecodedPage:
    """Decode one page.

    Args:
        path: JPEG, PNG, TIFF or PDF.
        limits: what is decoded at most.
        number: which page of the file, from 1.

    Raises:
        ConfigError: the file cannot be read, or has no such page.
    """
    try:
        for page in decode_pages(path.read_bytes(), limits):
            if page.page_index == number - 1:
                if isinstance(page, DecodedPage):
                    return page
                raise page.error
    except OSError as error:
        raise ConfigError(f"cannot read the form: {error}") from error
    except PermanentError as error:
        raise ConfigError(f"cannot use {path} as a form: {error}") from error
    raise ConfigError(f"{path} has no page {number}")
