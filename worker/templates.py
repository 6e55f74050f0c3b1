"""Read and write template folders: a blank form beside its ``template.toml``.

A template folder holds ``template.toml`` and exactly one of ``blank.png``, ``blank.jpg`` and
``blank.pdf``. What the TOML may say is checked in ``segmentation.template``.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from segmentation import (
    SegmentationParams,
    TemplateError,
    TemplateFault,
    WritingStyle,
    format_template,
    parse_template,
)
from segmentation.catalog import index_template
from segmentation.fields import overprinted
from segmentation.placing import is_alone
from worker.document_images import decode_blank
from worker.errors import ConfigError, PermanentError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from segmentation import FieldSpec, GrayImage, Template

TEMPLATE_FILE = "template.toml"
BLANK_FILES = ("blank.png", "blank.jpg", "blank.jpeg", "blank.pdf")
DEFAULT_DPI = 300.0  # what blanks without a believable resolution are taken for
_LEAST_DPI = 100.0  # cameras and editors write 72 or 96 into files of any size


def load_template(folder: Path) -> Template:
    """Read one template folder.

    Raises:
        TemplateError: the folder is not a sound template; it carries every fault found.
    """
    toml = folder / TEMPLATE_FILE
    blanks = [path for name in BLANK_FILES if (path := folder / name).is_file()]
    faults = []
    if not toml.is_file():
        fix = "write one with: penname template new BLANK --id ID --out DIR --field ..."
        faults.append(TemplateFault(0, f"there is no {TEMPLATE_FILE}", fix))
    if len(blanks) != 1:
        found = " and ".join(path.name for path in blanks) or "none"
        fix = f"keep exactly one of {', '.join(BLANK_FILES)}"
        faults.append(TemplateFault(0, f"there must be one blank form, found {found}", fix))
    if faults:
        raise TemplateError(tuple(faults))
    try:
        text = toml.read_text("utf-8")
        blank = decode_blank(blanks[0].read_bytes()).image
    except (OSError, UnicodeDecodeError, PermanentError) as error:
        fix = f"put a readable {TEMPLATE_FILE} and blank form there"
        raise TemplateError((TemplateFault(0, str(error), fix),)) from error
    return parse_template(text, blank)


def find_cautions(template: Template) -> Iterator[str]:
    """Say, for people, which fields of a sound template will not be read as they may be meant."""
    params = SegmentationParams()
    form = index_template(template, params.catalog)
    for plan in form.fields:
        name = plan.spec.name
        if share := overprinted(plan.printed, params.field):
            yield (
                f"{name}: print takes {share:.0%} of the box, so that what is written there, but"
                " with a pen far darker than it, goes to a person unread; draw the box where"
                " nothing is printed, or ask for white room there"
            )
        if is_alone(plan, form.near_to_template, params.placing):
            yield (
                f"{name}: nothing is printed near it, so that its place is always in doubt and a"
                " person reads it; print a line, a box or a label there"
            )
        if plan.spec.style is WritingStyle.COMB and not plan.printed.walls_px:
            yield (
                f"{name}: no even cells are seen in this comb, so that it is read as a plain line;"
                " draw the box around the whole comb, along the inside of its frame"
            )


def load_templates(paths: Sequence[Path]) -> list[Template]:
    """Read every template under ``paths``, each a template folder or a folder of them.

    Raises:
        ConfigError: there is no template, one is faulty, two are the same page of one form, or
            two pages of one form have a field of the same name; the message names every fault.
    """
    folders = [folder for path in paths for folder in _template_folders(path)]
    if not folders:
        places = ", ".join(map(str, paths))
        raise ConfigError(
            f"no template in {places}; write one with: penname template new BLANK --id ID --out DIR"
            " --field ..."
        )
    templates: list[tuple[Path, Template]] = []
    faults = []
    for folder in folders:
        try:
            template = load_template(folder)
        except TemplateError as error:
            faults.append(f"{folder}: {error}")
            continue
        templates.append((folder, template))
    faults += _shared_pages(templates) + _shared_fields(templates)
    if faults:
        raise ConfigError("templates cannot be used:\n" + "\n".join(faults))
    return [template for _, template in templates]


def _shared_pages(templates: Sequence[tuple[Path, Template]]) -> list[str]:
    """Name the folders that hold the same page of one form."""
    folders: dict[tuple[str, int], list[Path]] = defaultdict(list)
    for folder, template in templates:
        folders[template.template_id, template.page_index].append(folder)
    return [
        f"{' and '.join(map(str, same))} have one id, {template_id!r}, and one page_index: give "
        "each template an id of its own, or each page of one form its page_index"
        for (template_id, _), same in folders.items()
        if len(same) > 1
    ]


def _shared_fields(templates: Sequence[tuple[Path, Template]]) -> list[str]:
    """Name the fields that stand on two pages of one form: its values could not be told apart."""
    pages: dict[tuple[str, str], set[int]] = defaultdict(set)
    for _, template in templates:
        for spec in template.fields:
            pages[template.template_id, spec.name].add(template.page_index)
    return [
        f"form {template_id!r} has a field {name!r} on pages "
        f"{' and '.join(str(index + 1) for index in sorted(found))}: rename one of them"
        for (template_id, name), found in pages.items()
        if len(found) > 1
    ]


def write_template(  # noqa: PLR0913, each is a part of the template
    folder: Path,
    blank: Path,
    *,
    template_id: str,
    dpi: float | None,
    fields: Sequence[FieldSpec],
    page_index: int = 0,
) -> Template:
    """Write a template folder: a copy of ``blank`` and its ``template.toml``.

    Args:
        folder: made where it is missing; must hold no template yet.
        blank: PNG, JPEG or PDF of the form with nothing written on it.
        template_id: what readings will call the form.
        dpi: pixels per inch of the blank; None takes what the file says, else 300.
        fields: the boxes to cut, in pixels of the blank; may be none.
        page_index: which page of its form the blank is, from 0.

    Raises:
        ConfigError: the folder holds a template, or the blank cannot be used.
        TemplateError: the template would be faulty; nothing was written.
    """
    require_no_template(folder)
    if f"blank{blank.suffix.lower()}" not in BLANK_FILES:
        raise ConfigError(f"{blank} is neither PNG, JPEG nor PDF by its name; convert it first")
    try:
        data = blank.read_bytes()
        page = decode_blank(data)
    except OSError as error:
        raise ConfigError(f"cannot read the blank form: {error}") from error
    except PermanentError as error:
        raise ConfigError(f"cannot use {blank} as a blank form: {error}") from error
    text = format_template(
        template_id=template_id,
        dpi=dpi or believed_dpi(page.dpi),
        fields=fields,
        page_index=page_index,
    )
    return _write(folder, f"blank{blank.suffix.lower()}", data, text, page.image)


def write_draft(  # noqa: PLR0913, each is a part of the template
    folder: Path,
    blank_png: bytes,
    *,
    template_id: str,
    dpi: float,
    fields: Sequence[FieldSpec],
    page_index: int = 0,
) -> Template:
    """Write a template folder of a blank that was made here: an upright PNG.

    Raises:
        ConfigError: the folder holds a template.
        TemplateError: the template would be faulty; nothing was written.
    """
    require_no_template(folder)
    text = format_template(template_id=template_id, dpi=dpi, fields=fields, page_index=page_index)
    return _write(folder, "blank.png", blank_png, text, decode_blank(blank_png).image)


def _write(folder: Path, blank_name: str, blank: bytes, text: str, image: GrayImage) -> Template:
    """Write blank and text, once the text is found to be a template of the blank's image."""
    template = parse_template(text, image)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / blank_name).write_bytes(blank)
    (folder / TEMPLATE_FILE).write_text(text, "utf-8")
    return template


def require_no_template(folder: Path) -> None:
    """Refuse a folder that holds a template already.

    Raises:
        ConfigError: it does.
    """
    if any((folder / name).exists() for name in (TEMPLATE_FILE, *BLANK_FILES)):
        raise ConfigError(f"{folder} holds a template already; choose another folder")


def believed_dpi(claimed: float | None) -> float:
    """Give what a file claims if that can be, else 300."""
    return claimed if claimed is not None and claimed >= _LEAST_DPI else DEFAULT_DPI


def _template_folders(path: Path) -> Iterator[Path]:
    """Give ``path`` itself if it looks like a template, else the folders in it that do."""
    if not path.is_dir():
        raise ConfigError(f"there is no template folder {path}")
    if _looks_like_template(path):
        yield path
        return
    yield from sorted(p for p in path.iterdir() if p.is_dir() and _looks_like_template(p))


def _looks_like_template(folder: Path) -> bool:
    return any((folder / name).is_file() for name in (TEMPLATE_FILE, *BLANK_FILES))
