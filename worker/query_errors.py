"""Errors of searching, handing in and drawing templates: permanent ones, like those in ``errors``.

PermanentError
├─ BadQueryError             a search contradicts itself, or goes on from nowhere
├─ AnswerRefusedError        what was said of a field cannot be kept
├─ TextRefusedError          a text holds what the database cannot keep
├─ LikenessUnavailableError  the database server cannot liken names
├─ WebhookRefusedError       an address that no message is sent to
├─ UploadRefusedError        files, or a batch's name, that cannot be taken
└─ TemplateRefusedError      a form that cannot be kept as a template
   └─ TemplateExistsError    a template of that id is there already
"""

from __future__ import annotations

from worker.errors import FailureCode, PermanentError


class BadQueryError(PermanentError):
    """A search contradicts itself, or goes on from where nothing is (any more)."""

    code = FailureCode.BAD_QUERY


class AnswerRefusedError(PermanentError):
    """What was said of a field cannot be kept, such as an empty text."""

    code = FailureCode.ANSWER_REFUSED


class TextRefusedError(PermanentError):
    """A text holds a character that the database cannot keep, such as NUL."""

    code = FailureCode.TEXT_REFUSED


class LikenessUnavailableError(PermanentError):
    """The database server cannot liken names."""

    code = FailureCode.LIKENESS_UNAVAILABLE


class WebhookRefusedError(PermanentError):
    """The address is no URL, is not known, or leads into a private network."""

    code = FailureCode.WEBHOOK_REFUSED


class UploadRefusedError(PermanentError):
    """The files that were sent, or the name of their batch, cannot be taken."""

    code = FailureCode.UPLOAD_REFUSED


class TemplateRefusedError(PermanentError):
    """The form cannot be kept as a template; the message names every fault."""

    code = FailureCode.TEMPLATE_REFUSED


class TemplateExistsError(TemplateRefusedError):
    """A template of that id, or a folder of that name, is there already."""

    code = FailureCode.TEMPLATE_EXISTS
