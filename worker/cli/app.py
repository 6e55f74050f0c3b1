"""Join the commands into ``penname`` and turn errors into messages and exit codes.

This is the one place where an unforeseen ``Exception`` ends a command. No trace shows the
values of variables: they may hold names.
"""

from __future__ import annotations

import os
import signal
import sys
import traceback

import typer

from recognition.errors import RecognitionError
from segmentation.errors import SegmentationError
from worker.cli.batch import cancel, failures, retry, status
from worker.cli.correct import correct
from worker.cli.doctor import doctor
from worker.cli.evaluate import evaluate_app
from worker.cli.explain import explain
from worker.cli.export_onnx import export_onnx
from worker.cli.metrics import metrics
from worker.cli.model import model_app
from worker.cli.purge import purge
from worker.cli.read import read
from worker.cli.results import results
from worker.cli.route import route
from worker.cli.sample import sample
from worker.cli.segment import segment
from worker.cli.study import study
from worker.cli.submit import submit
from worker.cli.template import template_app
from worker.cli.train import train
from worker.cli.user import user_app
from worker.cli.web import web
from worker.cli.worker import worker_app
from worker.errors import ExitCode, WorkerError

app = typer.Typer(
    name="penname",
    help="Read the handwritten names on scanned paper forms into a SQL database.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(read)
app.command()(submit)
app.command()(status)
app.command()(failures)
app.command()(retry)
app.command()(cancel)
app.command()(results)
app.command()(explain)
app.command()(route)
app.command()(correct)
app.command()(train)
app.command()(study)
app.command()(segment)
app.command()(sample)
app.command()(purge)
app.command()(web)
app.command("export-onnx")(export_onnx)
app.command()(doctor)
app.command()(metrics)
app.add_typer(worker_app, name="worker")
app.add_typer(template_app, name="template")
app.add_typer(evaluate_app, name="evaluate")
app.add_typer(model_app, name="model")
app.add_typer(user_app, name="user")


def main() -> None:
    """Run ``penname`` and leave with the exit code that the outcome asks for."""
    try:
        app()
    except (WorkerError, SegmentationError, RecognitionError) as error:
        _leave(str(error), error.exit_code if isinstance(error, WorkerError) else ExitCode.DATA)
    except BrokenPipeError:  # ``penname results | head``: the reader has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(128 + signal.SIGPIPE)
    except OSError as error:  # a file of the user's, such as --out, cannot be read or written
        _leave(str(error), ExitCode.UNAVAILABLE)
    except Exception:  # noqa: BLE001, the edge: nothing above could name it
        traceback.print_exc()
        _leave("this is a bug in penname; please report the trace above", ExitCode.BUG)


def _leave(message: str, code: ExitCode) -> None:
    print(f"error: {message}", file=sys.stderr)
    sys.exit(code)
