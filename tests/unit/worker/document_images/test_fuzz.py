"""Files of strangers: whatever their bytes, decoding ends, within limits, in pages or a reason."""

from __future__ import annotations

import resource
import time
from contextlib import suppress

import numpy as np
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.scans import encode, encode_pages, pdf_of_pages
from worker.document_images import DecodedPage, DecodeLimits, decode_pages
from worker.errors import PermanentError

LIMITS = DecodeLimits(max_pages=4, max_page_mpx=0.5)
LONGEST_S = 20.0  # for one file, on a machine that does other things as well
MOST_GROWTH_MIB = 400  # over all files; one page of the limit is half a MiB

_SHADES = np.arange(90 * 120, dtype=np.uint32).reshape(90, 120)
PICTURE = np.asarray((_SHADES * 7 % 251), np.uint8)
SOUND = {
    "jpeg": encode(PICTURE, "JPEG", quality=70, dpi=(300, 300)),
    "progressive jpeg": encode(PICTURE, "JPEG", progressive=True),
    "png": encode(PICTURE, "PNG"),
    "uneven png": encode(np.tile(PICTURE, (5, 4)), "PNG", dpi=(299, 100)),  # 0.2 Mpx, then 0.6
    "uneven jpeg": encode(np.tile(PICTURE, (3, 3)), "JPEG", dpi=(100, 204)),
    "interlaced png": encode(PICTURE, "PNG", interlace=1),
    "tiff": encode_pages([PICTURE, PICTURE.T], "TIFF"),
    "lzw tiff": encode_pages([PICTURE, PICTURE], "TIFF", compression="tiff_lzw"),
    "fax": encode(Image.fromarray(PICTURE).convert("1"), "TIFF", compression="group4"),
    "pdf": encode_pages([PICTURE, PICTURE], "PDF", resolution=72),
    "pdf of empty pages": pdf_of_pages("0 0 200 100", "0 0 90 90"),
}

edits = st.lists(
    st.tuples(
        st.sampled_from(["flip", "cut", "drop", "repeat", "insert"]),
        st.floats(0, 1),  # where
        st.binary(min_size=1, max_size=12),
    ),
    min_size=1,
    max_size=12,
)


def spoil(data: bytes, changes: list[tuple[str, float, bytes]]) -> bytes:
    """Damage a file as lines, disks and people with bad intent do."""
    for how, where, new in changes:
        at = int(where * len(data))
        if how == "flip":
            data = data[:at] + new + data[at + len(new) :]
        elif how == "cut":
            data = data[: max(1, at)]
        elif how == "drop":
            data = data[:at] + data[at + len(new) :]
        elif how == "repeat":
            data = data[:at] + data[max(0, at - 40) : at] * len(new) + data[at:]
        else:
            data = data[:at] + new + data[at:]
    return data


def read_all(data: bytes) -> None:
    """Decode a file to its end; only what a file can be guilty of may be said of it."""
    began = time.process_time()
    with suppress(PermanentError):
        for count, page in enumerate(decode_pages(data, LIMITS), start=1):
            assert count <= LIMITS.max_pages
            if isinstance(page, DecodedPage):
                assert page.image.dtype == np.uint8
                assert page.image.ndim == 2
                assert page.image.size <= LIMITS.max_page_px
            else:
                assert page.error.code
    assert time.process_time() - began < LONGEST_S


def peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@settings(deadline=None, max_examples=400, suppress_health_check=[HealthCheck.too_slow])
@given(name=st.sampled_from(sorted(SOUND)), changes=edits)
@example(name="jpeg", changes=[("cut", 0.5, b"x")])
@example(name="uneven png", changes=[("insert", 1.0, b"x")])
@example(name="pdf", changes=[("flip", 0.01, b"\xff\xff\xff\xff")])
def test_a_spoilt_file_ends_in_pages_or_a_reason_within_memory(name, changes):
    before = peak_mib()

    read_all(spoil(SOUND[name], changes))

    assert peak_mib() - before < MOST_GROWTH_MIB


@settings(deadline=None, max_examples=300)
@given(
    head=st.sampled_from(
        [b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"II*\0", b"MM\0*", b"II+\0", b"%PDF-1.7\n", b""]
    ),
    rest=st.binary(max_size=600),
)
def test_noise_behind_any_signature_ends_in_pages_or_a_reason(head, rest):
    read_all(head + rest)
