"""``penname purge``: retention."""

from __future__ import annotations

import getpass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from worker.database.purges import PurgeCounts


def purge(  # noqa: PLR0913, each is an option of the command
    *,
    older_than: Annotated[
        str, typer.Option(metavar="AGE", help="Since a document was read: 90d or 12w.")
    ],
    batch: Annotated[str | None, typer.Option(help="Only of this batch.")] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Remove it; without this, only count.")
    ] = False,
    by: Annotated[
        str | None, typer.Option(metavar="WHO", help="Who asks for it. (your login)")
    ] = None,
    db: Annotated[str | None, typer.Option(help="Database URL.")] = None,
    store: Annotated[str | None, typer.Option(help="Where the crops are kept.")] = None,
) -> None:
    """Remove names, crops and uploaded scans of old documents, and keep the counts."""
    from worker.cli.results import check_batch
    from worker.config import read_settings
    from worker.database.purges import Expired
    from worker.database.session import closed_after, open_existing, transaction
    from worker.purging import Purge, parse_age, plan_purge, run_purge
    from worker.runtime import open_crops

    expired = Expired(before=datetime.now(UTC) - parse_age(older_than), batch=batch)
    settings = read_settings(database_url=db, store=store)
    sessions = open_existing(settings.database_url.get_secret_value())
    with closed_after(sessions):
        with transaction(sessions) as session:
            check_batch(session, batch)
        wanted = Purge(
            expired=expired,
            sessions=sessions,
            store=open_crops(settings),
            asked_by=by or getpass.getuser(),
            audit_share=settings.audit_share,
        )
        day = f"{expired.before:%Y-%m-%d %H:%M} UTC"
        if not yes:
            print(f"before {day}: {_say(plan_purge(wanted))}; nothing was removed, say --yes")
            return
        done = run_purge(wanted, on_progress=lambda _: None)
    print(f"before {day}: {_say(done)} and {done.objects} objects of the store removed")


def _say(counts: PurgeCounts) -> str:
    return (
        f"{counts.documents} documents, {counts.readings} readings, "
        f"{counts.corrections} corrections"
    )
