"""A short form of ``test_faults.py``: some faults befall a small batch, within a minute or two."""

from __future__ import annotations

import os
import signal
import time

import pytest

from tests.faults.test_faults import hand_in, see_through, with_redis_away
from tests.faults.troubled_proxy import Trouble

pytestmark = [pytest.mark.integration, pytest.mark.slow]

FORMS = 24


def test_a_small_batch_survives_a_killed_child_an_empty_redis_and_a_store_in_trouble(
    deployment, findings
):
    batch = "short"
    hand_in(deployment, batch, deployment.forms.copies(FORMS, label=batch))

    # So small a batch is all cut before its first form is read.
    deployment.wait_for(batch, "status = 'segmenting'")
    os.kill(deployment.children("segment")[0], signal.SIGKILL)
    with_redis_away(deployment, 2)
    with deployment.proxy.troubled(Trouble.ERROR_503):
        time.sleep(3)

    see_through(deployment, findings, batch)
