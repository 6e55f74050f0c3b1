"""``/api/v1``: what programs may ask and change. ``/api/v1/openapi.json`` tells them."""

from __future__ import annotations

from fastapi import APIRouter

from worker.web import api_batches, api_results, api_templates, api_webhooks

router = APIRouter(prefix="/api/v1")
for _part in (api_results, api_batches, api_templates, api_webhooks):
    router.include_router(_part.router)
