"""Damage scans at random, and see that ``penname segment`` ends each in pages or a reason.

``python -m benchmarks.fuzz_segment --minutes 15`` of processor time: scans of a drawn form as PDF,
TIFF, JPEG and PNG are spoilt byte by byte, decoded to their last page, segmented, and drawn as
``penname segment`` does, in a child process. A file that kills the child, raises what no file may
be guilty of, or takes too long or too much memory is kept in ``--keep``; then it exits with 1.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import signal
import sys
import time
import zlib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import cv2
import numpy as np
from PIL import Image

from segmentation import SegmentationParams, index_templates
from tests.drawing import Distortion, draw_form, scan, write_in
from tests.scans import encode, encode_pages, pdf_of_pages
from worker.document_images import DecodeLimits, decode_pages
from worker.errors import ConfigError, PermanentError
from worker.inspecting import inspect_page

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from segmentation.types import GrayImage

LIMITS = DecodeLimits(max_pages=4, max_page_mpx=4.0)
LONGEST_S = 30  # of processor time, for one file
MOST_MIB = 900  # peak of a child; libraries take 200, a page of the limit is segmented in 300
_HUNG_S = 20 * LONGEST_S  # by the clock, on a machine that does other things as well
_FILES_A_CHILD = 500
_NUMBERS = (0, 1, 2, 4, 7, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF)
_PNG = b"\x89PNG\r\n\x1a\n"
_HEAD = 0.6  # share of changes that fall into the first and last bytes, where formats say most


class TookTooLongError(Exception):
    """A file took more processor time than any may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What became of one spoilt file."""

    number: int
    kind: str
    outcome: str  # "segmented", "refused" or "not a scan"; else what went wrong
    sound: bool
    seconds: float  # of processor time
    peak_mib: float  # of the child so far


def main() -> None:
    """Spoil files until the time is used up, print what became of them, last as JSON."""
    options = _parse()
    options.keep.mkdir(parents=True, exist_ok=True)
    fates: list[Fate] = []
    used_s, number = 0.0, 0
    while used_s < 60 * options.minutes:
        some = _in_a_child(options.seed, number, options.keep)
        fates += some
        number += len(some)
        used_s = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    counts: dict[str, int] = {}
    for fate in fates:
        key = f"{fate.kind}: {fate.outcome}"
        counts[key] = counts.get(key, 0) + 1
    for key in sorted(counts):
        print(f"{counts[key]:7d}  {key}")
    bad = [fate.number for fate in fates if not fate.sound]
    verdict = {
        "files": len(fates),
        "processor_s": round(used_s),
        "longest_s": round(max(fate.seconds for fate in fates), 2),
        "peak_mib": round(max(fate.peak_mib for fate in fates)),
        "bad": bad,
    }
    print(json.dumps(verdict))
    sys.exit(1 if bad else 0)


def spoil(data: bytes, others: list[bytes], rng: np.random.Generator) -> bytes:
    """Damage a file as lines, disks and people with bad intent do, mostly once or twice."""
    for _ in range(int(rng.geometric(0.5))):
        at = _place(len(data), rng)
        size = int(rng.integers(1, 40))
        how = int(rng.integers(7))
        if how == 0:
            data = data[:at] + rng.bytes(min(size, 4)) + data[at + min(size, 4) :]
        elif how == 1 and len(data) > 1:
            bit = 1 << int(rng.integers(8))
            data = data[:at] + bytes([data[at] ^ bit]) + data[at + 1 :]
        elif how == 2:
            width = int(rng.choice([1, 2, 4]))
            number = (int(rng.choice(_NUMBERS)) % (1 << 8 * width)).to_bytes(width, "little")
            data = data[:at] + number[:: int(rng.choice([1, -1]))] + data[at + width :]
        elif how == 3:
            data = data[:at] + data[at + size :]
        elif how == 4:
            data = data[:at] + data[max(0, at - size) : at] * int(rng.integers(1, 9)) + data[at:]
        elif how == 5:
            other = others[int(rng.integers(len(others)))]
            start = _place(len(other), rng)
            data = data[:at] + other[start : start + 10 * size] + data[at:]
        elif rng.random() < 0.2:
            data = data[: max(1, at)]
        data = data or b"\0"
    return _with_right_sums(data) if data.startswith(_PNG) and rng.random() < 0.7 else data


def _with_right_sums(png: bytes) -> bytes:
    """Put right the check sum of each chunk of a PNG; with a wrong one it is read no further."""
    out, at = png[: len(_PNG)], len(_PNG)
    while at + 12 <= len(png):
        end = at + 8 + int.from_bytes(png[at : at + 4], "big")
        if end + 4 > len(png):
            break
        out += png[at:end] + zlib.crc32(png[at + 4 : end]).to_bytes(4, "big")
        at = end + 4
    return out + png[at:]


def _place(size: int, rng: np.random.Generator) -> int:
    """Choose where to damage a file: mostly near its ends."""
    if rng.random() < _HEAD:
        near = min(size, int(rng.choice([32, 256, 2048])))
        at = int(rng.integers(near))
        return at if rng.random() < 0.7 else size - 1 - at
    return int(rng.integers(size))


def _seeds(page: GrayImage) -> dict[str, bytes]:
    """Encode one page in every way that scanners and strangers have."""
    picture = Image.fromarray(page)
    colour = picture.convert("RGB")
    bilevel = picture.point(lambda v: 255 * (v > 150)).convert("1")
    return {
        "jpeg": encode(picture, "JPEG", quality=60, dpi=(100, 100)),
        "jpeg colour": encode(colour, "JPEG", quality=50),
        "jpeg progressive": encode(colour, "JPEG", quality=50, progressive=True),
        "jpeg cmyk": encode(picture.convert("CMYK"), "JPEG", quality=50),
        "png": encode(picture, "PNG", dpi=(100, 100)),
        "png palette": encode(colour.quantize(16), "PNG"),
        "png one bit": encode(bilevel, "PNG"),
        "png alpha": encode(colour.convert("RGBA"), "PNG"),
        "png 16 bit": encode(Image.fromarray(page.astype(np.uint16) * 257), "PNG"),
        "tiff": encode_pages([page, page[::2]], "TIFF"),
        "tiff lzw": encode(picture, "TIFF", compression="tiff_lzw"),
        "tiff deflate": encode(colour, "TIFF", compression="tiff_adobe_deflate"),
        "tiff jpeg": encode(colour, "TIFF", compression="jpeg"),
        "tiff fax": encode(bilevel, "TIFF", compression="group4"),
        "tiff fax 3": encode(bilevel, "TIFF", compression="group3"),
        "tiff packbits": encode(bilevel, "TIFF", compression="packbits"),
        "pdf": encode_pages([page, page.T.copy()], "PDF", resolution=100),
        "pdf fax": encode(bilevel, "PDF", resolution=100),
        "pdf of empty pages": pdf_of_pages("0 0 612 792", "0 0 90 90"),
    }


def _in_a_child(seed: int, first: int, keep: Path) -> list[Fate]:
    """Try some files in a process of their own; one that kills it is the last."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe(duplex=False)
    child = spawn.Process(target=_try_some, args=(seed, first, keep, theirs))
    child.start()
    theirs.close()
    fates: list[Fate] = []
    with suppress(EOFError):
        while ours.poll(_HUNG_S):
            fates.append(ours.recv())
        child.kill()
    child.join()
    if child.exitcode:
        number = first + len(fates)
        fates.append(
            Fate(
                number=number,
                kind="any",
                outcome=f"killed the process ({child.exitcode})",
                sound=False,
                seconds=0.0,
                peak_mib=0.0,
            )
        )
        (keep / "now").rename(keep / f"{seed}-{number}")
    return fates


def _try_some(seed: int, first: int, keep: Path, pipe: Connection) -> None:
    cv2.setNumThreads(1)
    signal.signal(signal.SIGPROF, _stop)
    form = draw_form(12, dpi=100.0)
    sheet = form.image
    for at, spec in enumerate(form.fields):
        sheet = write_in(sheet, spec.box, seed=at, dpi=form.dpi)
    seeds = _seeds(scan(sheet, Distortion(skew_deg=1.0, noise=3))[0])
    params = SegmentationParams()
    catalog = index_templates([form], params)
    with TemporaryDirectory() as folder:
        file = Path(folder) / "scan"
        for number in range(first, first + _FILES_A_CHILD):
            rng = np.random.default_rng([seed, number])
            kind = list(seeds)[int(rng.integers(len(seeds)))]
            data = spoil(seeds[kind], list(seeds.values()), rng)
            (keep / "now").write_bytes(data)
            file.write_bytes(data)
            began = time.process_time()
            signal.setitimer(signal.ITIMER_PROF, LONGEST_S)
            outcome, sound = "not a scan", True
            try:
                with suppress(PermanentError):
                    for _ in decode_pages(data, LIMITS):
                        pass
                seen = inspect_page(file, catalog, params, LIMITS)
                seen.png()
                outcome = "segmented" if seen.refusal is None else "refused"
            except (PermanentError, ConfigError):
                pass
            except BaseException as wrong:  # noqa: BLE001, whatever it is, it is a finding
                outcome, sound = type(wrong).__name__, False
            signal.setitimer(signal.ITIMER_PROF, 0)
            peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            if peak_mib > MOST_MIB:
                outcome, sound = "too much memory", False
            if not sound:
                (keep / f"{seed}-{number}").write_bytes(data)
            seconds = time.process_time() - began
            pipe.send(
                Fate(
                    number=number,
                    kind=kind,
                    outcome=outcome,
                    sound=sound,
                    seconds=seconds,
                    peak_mib=peak_mib,
                )
            )
            if peak_mib > MOST_MIB:
                break
    (keep / "now").unlink()


def _stop(*_: object) -> None:
    raise TookTooLongError


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=15.0, help="of processor time")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, default=Path("fuzz"), help="folder for what is found")
    return parser.parse_args()


if __name__ == "__main__":
    main()
