"""The links at the head of every page, for those who may follow them."""

from __future__ import annotations

from dataclasses import dataclass

from worker.roles import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One place to go."""

    label: str
    path: str
    role: Role  # the least that may go there
    about: str  # one line, for the start page


NAVIGATION = (
    Link(label="Review", path="/review", role=Role.REVIEWER, about="Say what doubtful fields say"),
    Link(label="Results", path="/results", role=Role.VIEWER, about="Search, export, and see why"),
    Link(
        label="Batches", path="/batches", role=Role.VIEWER, about="How far, how fast, what failed"
    ),
    Link(label="Templates", path="/editor", role=Role.ADMIN, about="Show penname a new form"),
    Link(label="Quality", path="/quality", role=Role.VIEWER, about="How wrong what passes is"),
    Link(label="People", path="/people", role=Role.ADMIN, about="Who may log in, who changed what"),
)


def links_for(role: Role) -> list[Link]:
    """Give the links that somebody of this role may follow."""
    return [link for link in NAVIGATION if role.may_act_as(link.role)]
