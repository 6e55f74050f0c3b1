"""A form with combs and a table of boxes: how a school enrols a pupil. A4, in Arimo."""

from __future__ import annotations

from segmentation.types import WritingStyle
from worker.samples.blank import Blank, Content, Place, Who
from worker.samples.parts import Entry, choices, ruled_line
from worker.samples.sheet import DPI, HAIRLINE_MM, Sheet

FORM_ID = "school-enrolment"
_LEFT, _RIGHT = 17.0, 193.0  # mm, the text's edges on a sheet 210 mm wide
_CELL_WIDTH, _CELL_HEIGHT, _CELLS = 8.0, 10.0, 22  # of a comb, in mm
_DECLARATION = (
    "We enrol the pupil named above for the coming school year. What we have written is true, and "
    "we will tell the school office of any change within two weeks. The school keeps these "
    "answers for as long as the pupil attends and uses them for no other purpose."
)


def school_form() -> Blank:
    """Print the form and say where its places are."""
    sheet = Sheet(width_mm=210, height_mm=297, family="arimo", text_pt=9.5)
    _print_head(sheet)
    places = [
        *_print_pupil(sheet),
        *_print_guardians(sheet),
        *_print_day(sheet),
        *_print_declaration(sheet),
        *_print_office(sheet),
    ]
    sheet.text(_LEFT, 286, "Northgate Schools   Enrolment   E-1", size_pt=7.5)
    sheet.text(_RIGHT, 286, "Return this page to the school office", size_pt=7.5, anchor="rs")
    return Blank(form_id=FORM_ID, image=sheet.image, dpi=DPI, places=tuple(places))


def _print_head(sheet: Sheet) -> None:
    for x_mm in (9.0, 197.0):  # corner marks, as forms made for scanning carry them
        for y_mm in (9.0, 284.0):
            sheet.bar(x_mm, y_mm, 4, 4)
    sheet.text(_LEFT, 24, "Northgate Schools", size_pt=20, bold=True)
    sheet.text(_LEFT, 31.5, "Enrolment of a pupil", size_pt=13)
    sheet.frame(148, 15, _RIGHT - 148, 18)
    sheet.text(150, 19.5, "School office", size_pt=7.5)
    how = "Write in CAPITAL LETTERS, one in each box. Leave a box empty between two names."
    sheet.text(_LEFT, 40, how)


def _heading(sheet: Sheet, y_mm: float, text: str) -> None:
    """Print white text on a dark bar whose top is at ``y_mm``."""
    sheet.bar(_LEFT, y_mm, _RIGHT - _LEFT, 7, gray=60)
    sheet.text(_LEFT + 2, y_mm + 5, text, size_pt=11, bold=True, gray=255)


def _print_pupil(sheet: Sheet) -> list[Place]:
    _heading(sheet, 45, "1   The pupil")
    last = Entry(label="Last name", content=Content.LAST_NAME, name="pupil_last_name")
    first = Entry(label="First name", content=Content.FIRST_NAME, name="pupil_first_name")
    born = Entry(label="Date of birth", content=Content.PUPIL_BIRTH_DATE, blank_chance=0.1)
    sheet.text(100, 94.5, "Has the pupil been at a Northgate school before?")
    return [
        _comb(sheet, 60, _CELLS, last),
        _comb(sheet, 78, _CELLS, first),
        _comb(sheet, 96, 8, born),
        *choices(sheet, 102.5, "known", {100: "Yes", 122: "No"}, blank_chance=0.1),
    ]


def _comb(sheet: Sheet, y_mm: float, cells: int, entry: Entry) -> Place:
    """Print a comb whose top is at ``y_mm``, the label over it."""
    sheet.text(_LEFT, y_mm - 1.5, entry.label)
    return Place(
        name=entry.name,
        content=entry.content,
        box=sheet.comb(_LEFT, y_mm, _CELL_WIDTH, _CELL_HEIGHT, cells),
        style=WritingStyle.COMB,
        cells=cells,
        blank_chance=entry.blank_chance,
    )


def _print_guardians(sheet: Sheet) -> list[Place]:
    _heading(sheet, 113, "2   Parents or guardians")
    for x_mm, title in {51: "Last name", 102: "First name", 153: "Phone"}.items():
        sheet.text(x_mm + 1.5, 125.5, title, bold=True)
    return [
        *_guardian_row(sheet, 128, "guardian1", Who.GUARDIAN, blank_chance=0.1),
        *_guardian_row(sheet, 141, "guardian2", Who.SECOND_GUARDIAN, blank_chance=0.4),
    ]


def _guardian_row(
    sheet: Sheet, y_mm: float, name: str, who: Who, *, blank_chance: float
) -> list[Place]:
    """Print one row of the table, whose top is at ``y_mm``; neighbours share their lines."""
    sheet.text(_LEFT, y_mm + 8, f"Guardian {name[-1]}")
    columns = [
        (51.0, 51.0, Content.LAST_NAME, f"{name}_last_name"),
        (102.0, 51.0, Content.FIRST_NAME, f"{name}_first_name"),
        (153.0, 40.0, Content.PHONE, ""),
    ]
    return [
        Place(
            name=field,
            content=content,
            who=who,
            box=sheet.frame(x_mm, y_mm, width_mm + HAIRLINE_MM, 13 + HAIRLINE_MM),
            group=name,
            style=WritingStyle.BOX,
            blank_chance=blank_chance,
        )
        for x_mm, width_mm, content, field in columns
    ]


def _print_day(sheet: Sheet) -> list[Place]:
    _heading(sheet, 161, "3   The school day")
    questions = {
        "Lunch": {58: "at school", 92: "at home", 126: "brought along"},
        "Way to school": {58: "school bus", 92: "on foot", 126: "by car"},
        "After school": {58: "goes home", 92: "homework club", 126: "is fetched"},
    }
    places = []
    for i, (question, answers) in enumerate(questions.items()):
        y_mm = 174 + 8 * i
        sheet.text(_LEFT, y_mm, question)
        places += choices(sheet, y_mm, question, answers, blank_chance=0.1)
    return places


def _print_declaration(sheet: Sheet) -> list[Place]:
    _heading(sheet, 197, "4   Declaration")
    sheet.paragraph(_LEFT, 210, _DECLARATION, width_mm=_RIGHT - _LEFT)
    signature = Entry(label="Signature", content=Content.SIGNATURE, who=Who.GUARDIAN)
    return [
        ruled_line(sheet, _LEFT, 238, 118, signature),
        ruled_line(sheet, 124, 238, _RIGHT, Entry(label="Date", content=Content.DATE)),
    ]


def _print_office(sheet: Sheet) -> list[Place]:
    _heading(sheet, 250, "For the school")
    teacher = Entry(
        label="Class teacher (full name)",
        content=Content.FULL_NAME,
        name="teacher_name",
        who=Who.OFFICIAL,
    )
    date = Entry(label="Date", content=Content.DATE, who=Who.OFFICIAL)
    return [
        ruled_line(sheet, _LEFT, 271, 136, teacher),
        ruled_line(sheet, 140, 271, _RIGHT, date),
    ]
