from __future__ import annotations

import io
import json
import sys
import tarfile

import pytest
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

from recognition.errors import FontError
from recognition.training.fonts import LIST, FontPackage, fetch, main, read_list, write_font
from recognition.training.glyphs import covers
from tests.unit.recognition.training.sources import FONTS

FONT = next(path for path in FONTS if path.stem == "patrick-hand")
HAND = FontPackage(name="hand")


def woff2(text: str) -> bytes:
    """Cut the font down to some letters, as a package's subsets are."""
    font = TTFont(FONT)
    subsetter = Subsetter(Options(notdef_outline=True))
    subsetter.populate(text=text)
    subsetter.subset(font)
    font.flavor = "woff2"
    packed = io.BytesIO()
    font.save(packed)
    return packed.getvalue()


def package(licence: object = "OFL-1.1", **files: bytes) -> bytes:
    """Pack files as npm does."""
    content = {"package.json": json.dumps({"license": licence}).encode(), "LICENSE": b"terms"}
    content |= {f"files/hand-{name.replace('_', '-')}.woff2": data for name, data in files.items()}
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, data in content.items():
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return packed.getvalue()


def test_two_subsets_become_one_font_with_its_licence(tmp_path):
    archive = package(latin_400_normal=woff2("Ad"), latin_ext_400_normal=woff2("éö"))

    font = write_font(HAND, archive, tmp_path)

    assert font == tmp_path / "hand.ttf"
    assert covers(font, "Adéö")
    assert not covers(font, "x")
    assert (tmp_path / "hand.LICENSE.txt").read_text() == "terms"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["hand.LICENSE.txt", "hand.ttf"]


def test_without_a_regular_weight_the_lightest_upright_one_is_taken(tmp_path):
    archive = package(
        latin_700_normal=woff2("B"), latin_300_normal=woff2("A"), latin_400_italic=woff2("C")
    )

    font = write_font(HAND, archive, tmp_path)

    assert covers(font, "A")
    assert not covers(font, "B")


@pytest.mark.parametrize(
    ("archive", "reason"),
    [
        pytest.param(b"no archive", "hand", id="damaged"),
        pytest.param(package("UNLICENSED", latin_400_normal=b""), "licence", id="licence"),
        pytest.param(package(), "no Latin", id="no-font"),
        pytest.param(package(latin_400_normal=b"wOF2"), "hand", id="damaged-font"),
    ],
)
def test_a_package_that_cannot_be_used_leaves_no_font(tmp_path, archive, reason):
    with pytest.raises(FontError, match=reason):
        write_font(HAND, archive, tmp_path)

    assert not list(tmp_path.glob("*.ttf"))


def test_a_list_names_packages_with_or_without_versions(tmp_path):
    path = tmp_path / "list.txt"
    path.write_text("# hands\nhand  # mine\n\nother@5.3.0\n")

    first, second = read_list(path)

    assert first.spec == "@fontsource/hand@latest"
    assert second.spec == "@fontsource/other@5.3.0"


def test_the_list_that_ships_names_each_font_once_with_its_version():
    packages = read_list(LIST)

    assert len({p.name for p in packages}) == len(packages) > 100
    assert all(p.version[0].isdigit() for p in packages)


def test_a_list_that_is_missing_or_empty_is_refused(tmp_path):
    (tmp_path / "empty.txt").write_text("# none\n")

    for name in ("empty.txt", "missing.txt"):
        with pytest.raises(FontError, match=name):
            read_list(tmp_path / name)
        assert main([str(tmp_path), "--list", str(tmp_path / name)]) == 65


@pytest.fixture
def client(tmp_path):
    """Stand in for npm, which asks a registry: it packs ``hand`` and knows nothing else."""
    archive = tmp_path / "hand.archive"
    archive.write_bytes(package(latin_400_normal=woff2("Ad")))
    script = tmp_path / "client"
    script.write_text(
        f"#!{sys.executable}\nimport shutil, sys\n"
        "if '@fontsource/hand' not in sys.argv[-1]:\n    sys.exit('E404 not found')\n"
        "folder = sys.argv[sys.argv.index('--pack-destination') + 1]\n"
        f"shutil.copy({str(archive)!r}, folder + '/hand.tgz')\n"
    )
    script.chmod(0o755)
    return str(script)


def test_what_is_missing_is_named_and_the_rest_is_fetched_once(tmp_path, client, capsys):
    path, out = tmp_path / "list.txt", tmp_path / "out"
    path.write_text("gone\nhand\n")
    command = [str(out), "--list", str(path), "--npm", client]

    assert main(command) == 69
    (tmp_path / "hand.archive").unlink()  # what is there already is not asked for again
    assert main(command) == 69

    said = capsys.readouterr()
    assert said.err.count("@fontsource/gone@latest: E404 not found") == 2
    assert "hand" not in said.err
    assert "1 of 2 fonts" in said.out
    assert covers(out / "hand.ttf", "Ad")


def test_a_missing_client_is_named():
    with pytest.raises(FontError, match="no-such-client"):
        fetch(HAND, npm="no-such-client")
