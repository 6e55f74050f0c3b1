"""Read printed words with Tesseract, the one place that knows it.

Tesseract is an outside program, and optional: only forms without a template need it. It is
called as it is, over pipes, so that no page ever lies in a temporary file. Its columns:
https://tesseract-ocr.github.io/tessdoc/Command-Line-Usage.html#tsv-output-currently-available-in-305-dev-in-master-branch-on-github
"""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from segmentation import Box, PrintedWord
from worker.crop_archive import encode_png
from worker.errors import ConfigError, LabelsUnreadableError

if TYPE_CHECKING:
    from segmentation import GrayImage

_PROGRAM = "tesseract"
_PREFERRED = "script/Latin"  # one model of all languages in Latin script; Debian calls it Latin
_LIMIT_S = 60.0  # a page takes 1 to 5 s; four readings of one stay within a segment process's limit
_SPARSE = "11"  # "find as much text as possible in no particular order": labels are scattered
_ONE_THREAD = {"OMP_THREAD_LIMIT": "1", "LC_ALL": "C"}  # there is a process for each core already
_INSTALL = "on Debian and Ubuntu: sudo apt-get install tesseract-ocr tesseract-ocr-script-latn"


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintReader:
    """Tesseract as it was found on this machine; can be pickled."""

    program: str
    version: str
    languages: str  # as its option -l takes them: "eng+fra"

    @property
    def identity(self) -> str:
        """Say what a reading of print depends on."""
        return f"tesseract {self.version} {self.languages}"

    def read(self, image: GrayImage, dpi: float) -> tuple[PrintedWord, ...]:
        """Read the printed words of an upright (h, w) page.

        Raises:
            LabelsUnreadableError: Tesseract failed on it or took too long.
        """
        command = [self.program, "stdin", "stdout", "-l", self.languages, "--psm", _SPARSE]
        try:
            done = subprocess.run(  # noqa: S603, a program found by name, and no shell
                [*command, "--dpi", f"{dpi:.0f}", "tsv"],
                input=encode_png(image),
                capture_output=True,
                check=True,
                timeout=_LIMIT_S,
                env=_ONE_THREAD,
            )
        except subprocess.TimeoutExpired as error:
            raise LabelsUnreadableError(
                f"reading the print of a page took over {_LIMIT_S:g} s"
            ) from error
        except (subprocess.CalledProcessError, OSError) as error:
            raise LabelsUnreadableError(f"reading the print of a page failed: {error}") from error
        return _parse(done.stdout.decode("utf-8", "replace"))


def find_print_reader(languages: str | None) -> PrintReader:
    """Find Tesseract and the languages to read in.

    Args:
        languages: as Tesseract names them, joined by +; None takes all of Latin script where
            that is installed, else every language that is.

    Raises:
        ConfigError: it is not installed, or a language is not; the message says what to install.
    """
    program = shutil.which(_PROGRAM)
    if program is None:
        raise ConfigError(
            f"forms without a template are read by their printed labels, with Tesseract, which is "
            f"not installed; {_INSTALL}"
        )
    first, *_ = _ask(program, "--version")
    installed = sorted(line.strip() for line in _ask(program, "--list-langs")[1:] if line.strip())
    return PrintReader(
        program=program,
        version=first.removeprefix("tesseract").strip(),
        languages=_choose(languages, installed),
    )


def _ask(program: str, option: str) -> list[str]:
    try:
        done = subprocess.run(  # noqa: S603, a program found by name, and no shell
            [program, option], capture_output=True, check=True, timeout=_LIMIT_S, env=_ONE_THREAD
        )
    except (subprocess.SubprocessError, OSError) as error:
        raise ConfigError(f"{program} does not run: {error}; {_INSTALL}") from error
    return (done.stdout or done.stderr).decode("utf-8", "replace").splitlines() or [""]


def _choose(wanted: str | None, installed: list[str]) -> str:
    """Settle the languages.

    Raises:
        ConfigError: one that is wanted is not installed, or there is none at all.
    """
    usable = [name for name in installed if name not in {"osd", "snum", "equ"}]
    if wanted is None:
        for script in (_PREFERRED, _PREFERRED.rsplit("/", 1)[-1]):
            if script in usable:
                return script
        if not usable:
            raise ConfigError(f"Tesseract has no language to read in; {_INSTALL}")
        return "+".join(usable)
    missing = [name for name in wanted.split("+") if name not in usable]
    if missing:
        packages = " ".join(f"tesseract-ocr-{name.lower().replace('_', '-')}" for name in missing)
        raise ConfigError(
            f"Tesseract does not know {' and '.join(map(repr, missing))} of ocr_languages; it "
            f"knows {', '.join(usable) or 'none'}; on Debian and Ubuntu: "
            f"sudo apt-get install {packages}"
        )
    return wanted


def _parse(table: str) -> tuple[PrintedWord, ...]:
    rows = csv.DictReader(io.StringIO(table), delimiter="\t", quoting=csv.QUOTE_NONE)
    return tuple(
        PrintedWord(
            text=row["text"].strip(),
            box=Box(
                x_px=int(row["left"]),
                y_px=int(row["top"]),
                width_px=int(row["width"]),
                height_px=int(row["height"]),
            ),
            confidence=min(1.0, max(0.0, float(row["conf"]) / 100)),
        )
        for row in rows
        if (row.get("text") or "").strip() and float(row["conf"]) >= 0
    )
