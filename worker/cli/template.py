"""``penname template``: write, check and look at template folders."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from segmentation import Box, FieldKind, FieldSpec, TemplateError, WritingStyle
from worker.errors import ExitCode

template_app = typer.Typer(
    help="Write, check and look at templates: a blank form and the boxes of its fields.",
    no_args_is_help=True,
)

_FIELD = re.compile(
    r"(?P<name>[^=]+)=(?P<kind>\w+):(?P<box>\d+,\d+,\d+,\d+)(:(?P<style>\w+))?(:(?P<lexicon>[\w-]+))?"
)
_Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The template's folder.")]


@template_app.command()
def new(  # noqa: PLR0913, each is an option of the command
    blank: Annotated[Path, typer.Argument(help="PNG, JPEG or PDF of the form, nothing written.")],
    *,
    template_id: Annotated[str, typer.Option("--id", help="What readings will call the form.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder to make the template in.")],
    field: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=KIND:X,Y,W,H[:STYLE[:LEXICON]]",
            help="A field: its box in pixels of the blank (a PDF's at 300 dpi). KIND is "
            "first_name, last_name or full_name; STYLE is line, box or comb.",
        ),
    ] = None,
    page: Annotated[int, typer.Option(min=1, help="Which page of its form this is.")] = 1,
    dpi: Annotated[
        float | None, typer.Option(help="Pixels per inch of the blank, if its file does not say.")
    ] = None,
) -> None:
    """Make a template folder from a blank form and the boxes of its fields.

    A form of several pages has a template for each, with one ID and the page's own --page.
    """
    from worker.config import read_settings
    from worker.drafting import new_template
    from worker.runtime import decode_limits

    template = new_template(
        out,
        blank,
        template_id=template_id,
        dpi=dpi,
        fields=tuple(map(_parse_field, field or ())),
        page_number=page,
        limits=decode_limits(read_settings()),
    )
    which = f", page {page}" if page > 1 else ""
    print(f"{out}: template {template.template_id!r}{which}, {len(template.fields)} fields")
    print(f"look at it with: penname template show {out} --out boxes.png")


@template_app.command()
def suggest(
    form: Annotated[Path, typer.Argument(help="JPEG, PNG, TIFF or PDF, blank or filled in.")],
    *,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder to make a draft template in.")
    ] = None,
    picture: Annotated[
        Path | None,
        typer.Option(metavar="PNG", help="Picture of the proposals to write. (DIR/fields.png)"),
    ] = None,
    template_id: Annotated[
        str | None, typer.Option("--id", help="What readings will call the form. (DIR's name)")
    ] = None,
    page: Annotated[int, typer.Option(min=1, help="Which page of the file.")] = 1,
) -> None:
    """Propose the name fields of a form by its printed labels; needs Tesseract.

    Look at the picture, mend boxes and names in DIR/template.toml, and read
    with: penname read --template DIR.
    """
    from worker.config import read_settings
    from worker.drafting import draft_template
    from worker.runtime import decode_limits, find_unknown_forms
    from worker.templates import require_no_template

    settings = read_settings()
    if out is not None:
        require_no_template(out)
    draft = draft_template(
        form, find_unknown_forms(settings), decode_limits(settings), page_number=page
    )
    for spec in (p.spec for p in draft.proposals):
        box = spec.box
        place = f"{box.x_px},{box.y_px},{box.width_px},{box.height_px}"
        print(f"{spec.name}={spec.kind}:{place}:{spec.style}")
    if out is not None:
        draft.write(out, template_id=template_id or out.resolve().name)
        picture = picture or out / "fields.png"
        print(f"{out}: draft template, {len(draft.proposals)} fields; mend {out}/template.toml")
        if draft.written:
            print(
                f"{draft.written} fields were written in: erased from {out}/blank.png, look there"
            )
    if picture is not None:
        picture.write_bytes(draft.picture())
        print(f"wrote {picture}")


@template_app.command()
def check(folder: _Folder) -> None:
    """Name every fault of a template at once, each with its line and what to do."""
    from worker.templates import find_alone, find_overprinted, load_template

    try:
        template = load_template(folder)
    except TemplateError as error:
        for fault in error.faults:
            place = f"{folder}/template.toml:{fault.line}" if fault.line else str(folder)
            print(f"{place}: {fault.message}; {fault.fix}")
        raise typer.Exit(ExitCode.DATA) from error
    height, width = template.image.shape
    print(
        f"{folder}: sound; template {template.template_id!r}, version {template.version}, "
        f"{width} x {height} px at {template.dpi:g} dpi, {len(template.fields)} fields"
    )
    for name, share in find_overprinted(template).items():
        print(
            f"{name}: print takes {share:.0%} of the box, so that what is written there goes to a "
            "person unread; draw the box where nothing is printed, or ask for white room there"
        )
    for name in find_alone(template):
        print(
            f"{name}: nothing is printed near it, so that its place is always in doubt "
            "and a person reads it; print a line, a box or a label there"
        )


@template_app.command()
def show(
    folder: _Folder,
    *,
    out: Annotated[Path, typer.Option(metavar="PNG", help="Picture to write.")],
) -> None:
    """Draw the boxes of a template's fields on its blank."""
    from segmentation.overlay import draw_template
    from worker.crop_archive import encode_png
    from worker.templates import load_template

    out.write_bytes(encode_png(draw_template(load_template(folder))))
    print(f"wrote {out}")


def _parse_field(text: str) -> FieldSpec:
    """Read one ``--field``.

    Raises:
        typer.BadParameter: it does not say a name, a known kind and a box.
    """
    found = _FIELD.fullmatch(text)
    if found is None:
        raise typer.BadParameter(f"{text!r} is not NAME=KIND:X,Y,W,H[:STYLE[:LEXICON]]")
    x, y, width, height = map(int, found["box"].split(","))
    try:
        kind, style = FieldKind(found["kind"]), WritingStyle(found["style"] or WritingStyle.LINE)
    except ValueError as error:
        kinds, styles = ", ".join(FieldKind), ", ".join(WritingStyle)
        raise typer.BadParameter(f"{error}; kinds: {kinds}; styles: {styles}") from error
    return FieldSpec(
        name=found["name"],
        box=Box(x_px=x, y_px=y, width_px=width, height_px=height),
        kind=kind,
        style=style,
        lexicon=found["lexicon"],
    )
