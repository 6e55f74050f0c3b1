"""A form with ruled lines: how a clinic takes in a patient. US Letter, in Tinos."""

from __future__ import annotations

from worker.samples.blank import Blank, Content, Place, Who
from worker.samples.parts import Entry, choices, ruled_line
from worker.samples.sheet import DPI, Sheet

FORM_ID = "clinic-intake"
_LEFT, _RIGHT = 18.0, 198.0  # mm, the text's edges on a sheet 215.9 mm wide
_CONSENT = (
    "I ask to be treated at this clinic and agree that its staff may examine me and give the care "
    "that we have talked about. I have been told what the treatment is for, what else could be "
    "done, and that I may change my mind at any time. My record is kept private; it is shown only "
    "to the people who care for me, unless I agree in writing or the law asks for it. I have read "
    "this page, or it has been read to me, and my questions have been answered."
)


def clinic_form() -> Blank:
    """Print the form and say where its places are."""
    sheet = Sheet(width_mm=215.9, height_mm=279.4, family="tinos", text_pt=10.5)
    _print_head(sheet)
    places = [
        *_print_patient(sheet),
        *_print_visit(sheet),
        *_print_emergency(sheet),
        *_print_consent(sheet),
        *_print_office(sheet),
    ]
    sheet.text(_LEFT, 270, "Harbor Street Community Clinic is open to everyone.", size_pt=8)
    sheet.text(_RIGHT, 270, "Form 12-A   Page 1 of 1", size_pt=8, anchor="rs")
    return Blank(form_id=FORM_ID, image=sheet.image, dpi=DPI, places=tuple(places))


def _print_head(sheet: Sheet) -> None:
    sheet.badge(26, 21, 8)
    sheet.text(39, 19.5, "Harbor Street Community Clinic", size_pt=19, bold=True)
    sheet.text(39, 27, "Patient Intake and Consent", size_pt=14)
    sheet.text(_RIGHT, 19.5, "14 Harbor Street", size_pt=9, anchor="rs")
    sheet.text(_RIGHT, 24, "Mon to Fri, 8 am to 6 pm", size_pt=9, anchor="rs")
    sheet.rule(_LEFT, 32, _RIGHT, line_mm=0.7)
    sheet.text(_LEFT, 38.5, "Please print clearly in blue or black ink.")


def _heading(sheet: Sheet, y_mm: float, text: str) -> None:
    sheet.text(_LEFT, y_mm, text, size_pt=12, bold=True)
    sheet.rule(_LEFT, y_mm + 1.4, _RIGHT, line_mm=0.2)


def _print_patient(sheet: Sheet) -> list[Place]:
    _heading(sheet, 47, "1.  Patient")
    patient = Entry(label="Patient's name:", content=Content.FULL_NAME, name="patient_name")
    born = Entry(label="Date of birth:", content=Content.BIRTH_DATE, blank_chance=0.1)
    address = Entry(label="Address:", content=Content.ADDRESS, blank_chance=0.3)
    phone = Entry(label="Phone:", content=Content.PHONE, blank_chance=0.2)
    guardian = Entry(
        label="Parent or guardian, if under 18:",
        content=Content.FULL_NAME,
        name="guardian_name",
        who=Who.GUARDIAN,
        blank_chance=0.4,
    )
    sheet.text(_LEFT, 86, "Have you been here before?")
    return [
        ruled_line(sheet, _LEFT, 59, 130, patient),
        ruled_line(sheet, 134, 59, _RIGHT, born),
        ruled_line(sheet, _LEFT, 73, 130, address),
        ruled_line(sheet, 134, 73, _RIGHT, phone),
        *choices(sheet, 86, "known", {68: "Yes", 86: "No", 104: "Not sure"}, blank_chance=0.1),
        ruled_line(sheet, _LEFT, 101, 150, guardian),
    ]


def _print_visit(sheet: Sheet) -> list[Place]:
    _heading(sheet, 114, "2.  Reason for this visit")
    reasons = {
        122.5: {20: "Check-up", 66: "Vaccination", 112: "Prescription refill", 158: "Injury"},
        130.5: {20: "Cough or fever", 66: "Skin", 112: "Teeth or gums", 158: "Lab test"},
    }
    answers = {80: "No", 98: "Yes", 116: "I do not know"}
    sheet.text(_LEFT, 141, "Are you allergic to any medicine?")
    return [
        *(
            place
            for y_mm, row in reasons.items()
            for x_mm, label in row.items()
            for place in choices(sheet, y_mm, label, {x_mm: label}, blank_chance=0.75)
        ),
        *choices(sheet, 141, "allergic", answers, blank_chance=0.1),
    ]


def _print_emergency(sheet: Sheet) -> list[Place]:
    _heading(sheet, 153, "3.  Whom may we call in an emergency?")
    contact = Entry(
        label="Contact's name:",
        content=Content.FULL_NAME,
        name="contact_name",
        who=Who.SECOND_GUARDIAN,
        blank_chance=0.15,
    )
    relation = Entry(label="Relation:", content=Content.RELATION, blank_chance=0.3)
    phone = Entry(label="Phone:", content=Content.PHONE, blank_chance=0.2)
    return [
        ruled_line(sheet, _LEFT, 165, 112, contact),
        ruled_line(sheet, 115, 165, 150, relation),
        ruled_line(sheet, 153, 165, _RIGHT, phone),
    ]


def _print_consent(sheet: Sheet) -> list[Place]:
    _heading(sheet, 178, "4.  Consent")
    sheet.paragraph(_LEFT, 185.5, _CONSENT, width_mm=_RIGHT - _LEFT)
    signature = Entry(label="Signature:", content=Content.SIGNATURE, blank_chance=0.1)
    date = Entry(label="Date:", content=Content.DATE, blank_chance=0.1)
    return [
        ruled_line(sheet, _LEFT, 220, 128, signature),
        ruled_line(sheet, 134, 220, _RIGHT, date),
    ]


def _print_office(sheet: Sheet) -> list[Place]:
    sheet.frame(_LEFT, 230, _RIGHT - _LEFT, 32, line_mm=0.8)
    sheet.text(_LEFT + 3, 236, "For clinic staff only", bold=True)
    name = Entry(
        label="Received by (name):", content=Content.FULL_NAME, name="staff_name", who=Who.OFFICIAL
    )
    date = Entry(label="Date:", content=Content.DATE, who=Who.OFFICIAL, blank_chance=0.2)
    done = {21: "Identity seen", 66: "Record opened", 112: "Interpreter needed"}
    return [
        ruled_line(sheet, _LEFT + 3, 248, 132, name),
        ruled_line(sheet, 137, 248, _RIGHT - 4, date),
        *(
            place
            for x_mm, label in done.items()
            for place in choices(sheet, 257.5, label, {x_mm: label}, blank_chance=0.5)
        ),
    ]
