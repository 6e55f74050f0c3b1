"""What the web application hands scans to in tests: no network to load, a nudger that counts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.factories import make_identity, make_template
from worker.batches import OfferedTemplate, Submission
from worker.database.submissions import Offer
from worker.handing_in import Intake
from worker.storage.s3 import S3Options
from worker.storage.sources import Sources

if TYPE_CHECKING:
    from worker.types import Stage


@dataclass(slots=True)
class CountingNudger:
    """Counts what would wake workers."""

    nudges: list[tuple[Stage, bool]] = field(default_factory=list)

    def nudge(self, stage: Stage, *, urgent: bool, times: int = 1) -> None:  # noqa: ARG002, the port's
        self.nudges.append((stage, urgent))


def make_intake(*places: str) -> Intake:
    """Take scans in, to be read with the factories' model and template."""
    identity, template = make_identity(), make_template()

    def describe(batch: str, urgent: bool) -> Submission:  # noqa: FBT001, as the port has it
        return Submission(
            batch=batch,
            offer=Offer(identity=identity, templates=(), lexicons=(), name_prior=True),
            model_sha256=identity.model_id * 5,
            model_config={"height_px": 40},
            templates=[
                OfferedTemplate(
                    template_id=template.template_id,
                    version=template.version,
                    fields=template.fields,
                )
            ],
            urgent=urgent,
        )

    sources = Sources(S3Options(endpoint_url=None))
    return Intake(
        describe=describe,
        list_place=lambda place: iter(sources.find(place)),
        nudger=CountingNudger(),
        places=places,
    )
