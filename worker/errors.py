"""The worker's errors: what to try again, what to store, and the exit code of each.

WorkerError
├─ ConfigError                  settings are missing or contradict each other
├─ TransientError               trying again later may work; nothing is marked as failed
│  ├─ StorageUnavailableError   bucket or folder unreachable, throttled or answering 5xx
│  ├─ StorageFullError          the store has no room
│  ├─ DatabaseUnavailableError  no connection, no right to write, no room, a deadlock
│  ├─ ModelUnavailableError     the network cannot be loaded, or its device fails
│  └─ QueueUnavailableError     the broker of the queue does not answer
└─ PermanentError               trying again changes nothing; ``code`` is stored
   ├─ ObjectMissingError        no such file or key (any more)
   ├─ ObjectForbiddenError      the file or key is there, but not for this user
   ├─ EmptyDocumentError        the file has no bytes, or no pages
   ├─ UnsupportedDocumentError  neither PDF, TIFF, JPEG nor PNG
   ├─ DamagedDocumentError      the file ends early or contradicts itself
   ├─ EncryptedDocumentError    the PDF asks for a password
   ├─ DocumentTooLargeError     over the byte, page or pixel limit
   ├─ DocumentOutOfMemoryError  decoding or cutting ran out of memory
   ├─ DocumentTimeoutError     working on it took longer than is allowed
   ├─ LabelsUnreadableError     the print of a form without a template cannot be read
   ├─ NoSuchResultError         the database holds no such result
   ├─ NoCorrectionsError        nobody has confirmed or corrected anything there yet
   ├─ TooFewReviewedError       too few values were reviewed to learn or to judge from them
   ├─ UnsuitableBaseError       a model that retraining cannot start from
   ├─ NoSuchModelError          no model of that id is in the model folder
   ├─ ModelRefusedError         the model is worse than the one in use, or nobody knows
   ├─ PersonRefusedError        a login name, password or label that cannot be one, or is taken
   ├─ NoSuchPersonError         nobody of that name may log in, or no token of that label
   ├─ NotLoggedInError          the web application does not know who asks
   │  └─ WrongLoginError        the name or the password is wrong
   ├─ TooManyLoginsError        too many attempts to log in
   ├─ NotAllowedError           this person may not do that, or another site asked for it
   └─ LeaseLostError            the field is another person's by now

Exit codes are those of BSD's ``sysexits.h``. Every code has its entry in docs/errors.md.
Messages say what to do next, and never hold a name that was read.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum


class ExitCode(IntEnum):
    """What the command tells the shell."""

    OK = 0
    SOME_FAILED = 1  # the batch was read, but not every document in it
    USAGE = 2  # as typer has it
    DATA = 65
    BUG = 70
    UNAVAILABLE = 75
    CONFIG = 78


class FailureCode(StrEnum):
    """Why a document could not be read; stored, so never rename a value."""

    OBJECT_MISSING = "object_missing"
    OBJECT_FORBIDDEN = "object_forbidden"
    EMPTY_DOCUMENT = "empty_document"
    UNSUPPORTED_DOCUMENT = "unsupported_document"
    DAMAGED_DOCUMENT = "damaged_document"
    ENCRYPTED_DOCUMENT = "encrypted_document"
    DOCUMENT_TOO_LARGE = "document_too_large"
    DOCUMENT_OUT_OF_MEMORY = "document_out_of_memory"
    PAGES_MISSING = "pages_missing"  # of a form of several pages
    LABELS_UNREADABLE = "labels_unreadable"  # of a form without a template
    DOCUMENT_CRASHED = "document_crashed"  # decoding or cutting ended its process
    READING_NOT_FINITE = "reading_not_finite"  # the network answered with NaN
    INTERNAL_ERROR = "internal_error"  # a bug; the log holds the trace
    STORAGE_UNAVAILABLE = "storage_unavailable"
    STORAGE_FULL = "storage_full"
    DATABASE_UNAVAILABLE = "database_unavailable"
    NO_SUCH_RESULT = "no_such_result"
    NO_CORRECTIONS = "no_corrections"
    TOO_FEW_REVIEWED = "too_few_reviewed"
    UNSUITABLE_BASE = "unsuitable_base"
    NO_SUCH_MODEL = "no_such_model"
    MODEL_REFUSED = "model_refused"
    BAD_QUERY = "bad_query"
    LIKENESS_UNAVAILABLE = "likeness_unavailable"
    PERSON_REFUSED = "person_refused"
    NO_SUCH_PERSON = "no_such_person"
    NOT_LOGGED_IN = "not_logged_in"
    WRONG_LOGIN = "wrong_login"
    TOO_MANY_LOGINS = "too_many_logins"
    NOT_ALLOWED = "not_allowed"
    REQUEST_TOO_LARGE = "request_too_large"
    ANSWER_REFUSED = "answer_refused"
    TEXT_REFUSED = "text_refused"
    LEASE_LOST = "lease_lost"
    WEBHOOK_REFUSED = "webhook_refused"
    UPLOAD_REFUSED = "upload_refused"
    TEMPLATE_REFUSED = "template_refused"
    TEMPLATE_EXISTS = "template_exists"
    QUEUE_UNAVAILABLE = "queue_unavailable"
    MODEL_UNAVAILABLE = "model_unavailable"
    CANCELLED = "cancelled"  # a person called the batch off


class WorkerError(Exception):
    """Something the worker can name went wrong."""

    exit_code = ExitCode.DATA


class ConfigError(WorkerError):
    """Settings are missing or contradict each other; the message says which."""

    exit_code = ExitCode.CONFIG


class TransientError(WorkerError):
    """Trying again later may work."""

    code: FailureCode
    exit_code = ExitCode.UNAVAILABLE


class StorageUnavailableError(TransientError):
    """The bucket or folder cannot be reached."""

    code = FailureCode.STORAGE_UNAVAILABLE


class StorageFullError(TransientError):
    """The store has no room left."""

    code = FailureCode.STORAGE_FULL


class DatabaseUnavailableError(TransientError):
    """The database cannot be reached or written."""

    code = FailureCode.DATABASE_UNAVAILABLE


class ModelUnavailableError(TransientError):
    """The network cannot be loaded here, or its device fails whatever it reads."""

    code = FailureCode.MODEL_UNAVAILABLE


class QueueUnavailableError(TransientError):
    """The broker cannot be reached; what waits stands in the database all the same."""

    code = FailureCode.QUEUE_UNAVAILABLE


class PermanentError(WorkerError):
    """Trying again changes nothing; ``code`` is stored with the document."""

    code: FailureCode


class ObjectMissingError(PermanentError):
    """No such file or key, or no longer."""

    code = FailureCode.OBJECT_MISSING


class ObjectForbiddenError(PermanentError):
    """The file or key may not be read by this user; others beside it may."""

    code = FailureCode.OBJECT_FORBIDDEN


class EmptyDocumentError(PermanentError):
    """The file has no bytes, or no pages."""

    code = FailureCode.EMPTY_DOCUMENT


class UnsupportedDocumentError(PermanentError):
    """The bytes are neither PDF, TIFF, JPEG nor PNG."""

    code = FailureCode.UNSUPPORTED_DOCUMENT


class DamagedDocumentError(PermanentError):
    """The file ends early or contradicts itself."""

    code = FailureCode.DAMAGED_DOCUMENT


class EncryptedDocumentError(PermanentError):
    """The PDF asks for a password."""

    code = FailureCode.ENCRYPTED_DOCUMENT


class DocumentTooLargeError(PermanentError):
    """The document is over a limit, which the message names with what was found."""

    code = FailureCode.DOCUMENT_TOO_LARGE


class DocumentOutOfMemoryError(PermanentError):
    """Decoding or cutting the document ran out of memory."""

    code = FailureCode.DOCUMENT_OUT_OF_MEMORY


class DocumentTimeoutError(PermanentError):
    """Working on the document took longer than is allowed."""

    code = FailureCode.DOCUMENT_CRASHED


class LabelsUnreadableError(PermanentError):
    """The print of a form without a template cannot be read."""

    code = FailureCode.LABELS_UNREADABLE


class NoSuchResultError(PermanentError):
    """The database holds no such result."""

    code = FailureCode.NO_SUCH_RESULT


class NoCorrectionsError(PermanentError):
    """Nobody has confirmed or corrected anything there yet."""

    code = FailureCode.NO_CORRECTIONS


class TooFewReviewedError(PermanentError):
    """Too few values were reviewed to learn, or to judge a model, from them."""

    code = FailureCode.TOO_FEW_REVIEWED


class UnsuitableBaseError(PermanentError):
    """The model has another alphabet or network than retraining can go on with."""

    code = FailureCode.UNSUITABLE_BASE


class NoSuchModelError(PermanentError):
    """No model of that id is in the model folder."""

    code = FailureCode.NO_SUCH_MODEL


class ModelRefusedError(PermanentError):
    """The model is worse than the one in use, or was never compared with it."""

    code = FailureCode.MODEL_REFUSED


class PersonRefusedError(PermanentError):
    """The login name, password or label cannot be one, or is taken."""

    code = FailureCode.PERSON_REFUSED


class NoSuchPersonError(PermanentError):
    """Nobody of that name may log in, or they have no token of that label."""

    code = FailureCode.NO_SUCH_PERSON


class NotLoggedInError(PermanentError):
    """The web application does not know who asks."""

    code = FailureCode.NOT_LOGGED_IN


class WrongLoginError(NotLoggedInError):
    """The name or the password is wrong."""

    code = FailureCode.WRONG_LOGIN


class TooManyLoginsError(PermanentError):
    """Too many attempts to log in, under one name or from one address."""

    code = FailureCode.TOO_MANY_LOGINS


class NotAllowedError(PermanentError):
    """This person may not do that, or the request came from another site."""

    code = FailureCode.NOT_ALLOWED


class LeaseLostError(PermanentError):
    """The field is another person's by now, or was dealt with."""

    code = FailureCode.LEASE_LOST
