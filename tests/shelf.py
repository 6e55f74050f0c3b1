"""Documents with their scans and crops, where the web application finds them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.database import make_field, read
from tests.factories import make_crop, make_image
from tests.scans import encode
from worker.crop_archive import pack_crops
from worker.types import FieldStatus

if TYPE_CHECKING:
    from pathlib import Path

    from tests.web import Web


@dataclass(slots=True, kw_only=True)
class Shelf:
    """Documents of one field each, with their scans and crops."""

    web: Web
    folder: Path
    documents: int = field(default=0)

    def put(self, *texts: str, confidence: float = 0.5, **changes: Any) -> None:
        """Add a document for each text, the earlier the less sure."""
        for text in texts:
            self.documents += 1
            scan = self.folder / f"scan-{self.documents:03}.png"
            scan.write_bytes(encode(make_image(400, 300, seed=self.documents), "PNG"))
            crop = make_crop(field_name="full_name", image=make_image(seed=self.documents))
            sure = confidence + self.documents / 1000
            values = {"crop": crop, "confidence": sure, "status": FieldStatus.LOW_CONFIDENCE}
            claim = read(
                self.web.sessions,
                make_field("full_name", text, **{**values, **changes}),
                uri=scan.as_uri(),
            )
            key = f"crops/{claim.document_id}/{claim.attempt}.zip"
            self.web.store.put(key, pack_crops([(0, [crop])]))
