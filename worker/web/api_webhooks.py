"""``/api/v1/webhooks``: whom to tell that a batch is done; for admins."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from worker.web.schemas import KnownWebhook, MadeWebhook, NewWebhook, WebhookList, problems
from worker.web.security import Admin
from worker.web.services import Services
from worker.webhooks import all_webhooks, forget_webhook, register_webhook

router = APIRouter(prefix="/webhooks", tags=["webhooks"])


@router.get("", responses=problems())
def list_webhooks(caller: Admin, services: Services) -> WebhookList:  # noqa: ARG001, who may
    """List all webhooks and how telling them went."""
    found = all_webhooks(services.sessions)
    return WebhookList(items=[KnownWebhook.model_validate(one) for one in found])


@router.post("", status_code=201, responses=problems())
def make_webhook(caller: Admin, services: Services, new: NewWebhook) -> MadeWebhook:
    """Tell an address of every batch that is done from now on."""
    webhook_id, secret = register_webhook(
        services.sessions, new.url, by=caller.person.name, params=services.webhooks
    )
    return MadeWebhook(id=webhook_id, url=new.url, secret=secret)


@router.delete("/{webhook_id}", status_code=204, responses=problems(404))
def remove_webhook(caller: Admin, services: Services, webhook_id: UUID) -> Response:
    """Tell an address no more."""
    forget_webhook(services.sessions, webhook_id, by=caller.person.name)
    return Response(status_code=204)
