"""``penname correct``: what a person says that a field says."""

from __future__ import annotations

import getpass
import sys
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from worker.database.corrections import CurrentValue
    from worker.types import FieldStatus


def correct(  # noqa: PLR0913, each is an option of the command
    result_id: Annotated[
        str, typer.Argument(help="As penname results prints it; its first digits do.")
    ],
    text: Annotated[
        str | None,
        typer.Argument(help="What the field says, letter for letter; - reads it from stdin."),
    ] = None,
    *,
    confirm: Annotated[
        bool, typer.Option("--confirm", help="The value that stands there is right.")
    ] = False,
    blank: Annotated[
        bool, typer.Option("--blank", help="Nothing is written in the field.")
    ] = False,
    unreadable: Annotated[
        bool, typer.Option("--unreadable", help="Nobody can say what is written there.")
    ] = False,
    by: Annotated[str | None, typer.Option(metavar="WHO", help="Who says so. (your login)")] = None,
    db: Annotated[str | None, typer.Option(help="Database URL.")] = None,
) -> None:
    """Correct or confirm one result. The machine's reading is kept beside it."""
    if sum((text is not None, confirm, blank, unreadable)) != 1:
        raise typer.BadParameter("give one of TEXT, --confirm, --blank and --unreadable")
    from worker.config import read_settings
    from worker.database.corrections import add_correction, current_value
    from worker.database.explanations import find_reading_id
    from worker.database.session import writing
    from worker.types import FieldStatus

    settings = read_settings(database_url=db)
    with writing(settings.database_url.get_secret_value()) as session:
        reading_id = find_reading_id(session, result_id)
        current = current_value(session, reading_id)
        if confirm:
            said, status = _confirmed(current)
        elif text is not None:
            said, status = _typed(text), FieldStatus.READ
        else:
            said, status = "", FieldStatus.BLANK if blank else FieldStatus.UNREADABLE
        add_correction(
            session, reading_id, text=said, status=status, corrected_by=by or login_name()
        )
    print(f"result {reading_id}: {status}, as {'confirmed' if confirm else 'corrected'}")


def _typed(text: str) -> str:
    """Bring a typed text to the form in which readings are kept."""
    from recognition.normal import normalise
    from worker.answers import check_typed

    # Other users of the machine can see a command's arguments, never its input.
    if not (plain := normalise(sys.stdin.readline() if text == "-" else text)):
        raise typer.BadParameter("the text is empty; say --blank for a field left blank")
    check_typed(plain)
    return plain


def _confirmed(current: CurrentValue) -> tuple[str, FieldStatus]:
    """Give the text and status that a person agrees with."""
    from worker.types import FieldStatus

    if current.text:
        return current.text, FieldStatus.READ
    if current.status in {FieldStatus.BLANK, FieldStatus.UNREADABLE}:
        return "", current.status
    raise typer.BadParameter("no text stands there to confirm; give the text, or say --blank")


def login_name() -> str:
    """Say who runs the command.

    Raises:
        BadParameter: nobody can say, as for a container's user without a name.
    """
    try:
        return getpass.getuser()
    except (KeyError, OSError) as error:
        raise typer.BadParameter("this user has no login name; say who with --by") from error
