"""Fetch handwriting fonts to draw names in: ``python -m recognition.training.fonts OUT``.

The fonts are those of a list of npm packages ``@fontsource/NAME``; the ``npm`` client fetches
them from the registry it is set up for. Each package's Latin and extended Latin subsets become
one TTF file, its licence beside it. Fonts that lie in OUT already are not fetched again.
"""

from __future__ import annotations

import argparse
import io
import json
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from recognition.errors import FontError
from recognition.training.exit_codes import tell

if TYPE_CHECKING:
    from fontTools.ttLib import TTFont

LIST = Path(__file__).with_name("font_packages.txt")
_LICENCES = {"OFL-1.1", "Apache-2.0"}  # both let drawings of the font be used in any way
_SUBSETS = ("latin", "latin-ext")
EXIT_UNAVAILABLE = 69  # as sysexits.h has it


@dataclass(frozen=True, slots=True, kw_only=True)
class FontPackage:
    """One line of the list: ``NAME`` or ``NAME@VERSION``."""

    name: str
    version: str = "latest"

    @property
    def spec(self) -> str:
        """Give what npm calls it."""
        return f"@fontsource/{self.name}@{self.version}"


def main(arguments: list[str] | None = None) -> int:
    """Fetch every font of the list that is missing; give the exit code."""
    parser = argparse.ArgumentParser(prog="python -m recognition.training.fonts")
    parser.add_argument("out", type=Path, help="folder for the TTF files")
    parser.add_argument("--list", type=Path, default=LIST, help="NAME or NAME@VERSION a line")
    parser.add_argument("--npm", default="npm", help="the npm client")
    options = parser.parse_args(arguments)
    try:
        packages = read_list(options.list)
    except FontError as error:
        return tell(error)
    failed = 0
    for package in packages:
        if (options.out / f"{package.name}.ttf").is_file():
            continue
        try:
            write_font(package, fetch(package, npm=options.npm), options.out)
        except FontError as error:
            failed += 1
            sys.stderr.write(f"{error}\n")
    sys.stdout.write(f"{len(packages) - failed} of {len(packages)} fonts in {options.out}\n")
    return EXIT_UNAVAILABLE if failed else 0


def read_list(path: Path) -> list[FontPackage]:
    """Read a list of packages; what follows a # is a remark.

    Raises:
        FontError: the file cannot be read or names no package.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise FontError(f"{path}: {error}") from error
    specs = [line.split("#", 1)[0].strip() for line in lines]
    packages = [
        FontPackage(name=name, version=version or "latest")
        for name, _, version in (spec.partition("@") for spec in specs if spec)
    ]
    if not packages:
        raise FontError(f"{path}: names no font")
    return packages


def fetch(package: FontPackage, *, npm: str) -> bytes:
    """Let npm fetch a package and give its archive, a ``.tgz``.

    Raises:
        FontError: npm is missing, or did not find the package.
    """
    with tempfile.TemporaryDirectory() as folder:
        command = [npm, "pack", "--silent", "--pack-destination", folder, package.spec]
        try:
            subprocess.run(command, check=True, capture_output=True, cwd=folder)  # noqa: S603 - no shell, and the user names the client
        except FileNotFoundError as error:
            raise FontError(f"{npm}: no such program; it comes with Node.js") from error
        except subprocess.CalledProcessError as error:
            said = error.stderr.decode(errors="replace").strip().splitlines()
            raise FontError(f"{package.spec}: {said[0] if said else 'npm failed'}") from error
        archives = list(Path(folder).glob("*.tgz"))
        if len(archives) != 1:
            raise FontError(f"{package.spec}: npm wrote {len(archives)} archives, want 1")
        return archives[0].read_bytes()


def write_font(package: FontPackage, archive: bytes, out: Path) -> Path:
    """Write a package's font as one TTF, with its licence, into the folder ``out``.

    Raises:
        FontError: fontTools is missing, the archive is damaged, its licence is none of those
            accepted here, or it holds no Latin font.
    """
    files = _unpack(package, archive)
    try:
        licence = json.loads(files["package/package.json"]).get("license")
    except (KeyError, ValueError, AttributeError) as error:
        raise FontError(f"{package.spec}: no readable package.json") from error
    if licence not in _LICENCES:
        raise FontError(f"{package.spec}: licence {licence!r}, want one of {sorted(_LICENCES)}")
    subsets = [files[name] for name in _font_names(package, list(files))]
    if not subsets:
        raise FontError(f"{package.spec}: no Latin WOFF2 font")
    out.mkdir(parents=True, exist_ok=True)
    (out / f"{package.name}.LICENSE.txt").write_bytes(files.get("package/LICENSE", b""))
    whole = out / f"{package.name}.ttf"
    partial = whole.with_suffix(".part")
    try:
        _merged(subsets).save(partial)
    except ImportError as error:
        raise FontError("fonts need fontTools and brotli: pip install 'penname[train]'") from error
    except Exception as error:  # fontTools raises what it likes on a font it does not understand
        raise FontError(f"{package.spec}: {error!r}") from error
    partial.replace(whole)
    return whole


def _unpack(package: FontPackage, archive: bytes) -> dict[str, bytes]:
    """Read the files of an archive into memory; nothing is written."""
    files: dict[str, bytes] = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(archive)) as packed:
            for member in packed:
                content = packed.extractfile(member)
                if content is not None:
                    files[member.name] = content.read()
    except (tarfile.TarError, OSError, EOFError) as error:
        raise FontError(f"{package.spec}: {error}") from error
    return files


def _font_names(package: FontPackage, files: list[str]) -> list[str]:
    """Choose the upright Latin subsets in regular weight, or in the lightest there is."""
    found: list[str] = []
    for subset in _SUBSETS:
        stem = f"package/files/{package.name}-{subset}-"
        weights = sorted(
            name for name in files
            if name.startswith(stem)
            and name.removeprefix(stem)[:3].isdigit()
            and name.endswith("-normal.woff2")
        )  # fmt: skip
        regular = [name for name in weights if name.startswith(f"{stem}400")]
        found.extend((regular or weights)[:1])
    return found


def _merged(subsets: list[bytes]) -> TTFont:
    """Turn WOFF2 subsets of one font into one TTF; the first alone where they do not fit."""
    from fontTools.merge import Merger  # noqa: PLC0415 - an optional extra
    from fontTools.ttLib import TTFont  # noqa: PLC0415 - the same

    plain: list[io.BytesIO] = []
    for subset in subsets:
        font = TTFont(io.BytesIO(subset), recalcTimestamp=False)
        font.flavor = None
        plain.append(io.BytesIO())
        font.save(plain[-1])
    if len(plain) == 1:
        return TTFont(plain[0], recalcTimestamp=False)
    try:
        return Merger().merge(plain)
    except Exception:  # noqa: BLE001 - fontTools raises what it likes; Latin alone draws most names
        plain[0].seek(0)
        return TTFont(plain[0], recalcTimestamp=False)


if __name__ == "__main__":
    sys.exit(main())
