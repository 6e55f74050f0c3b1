"""The web application: pages for people and, under ``/api/v1``, JSON for programs.

Laid out by noun, one router a module; ``docs/adr/0009-the-web-application.md`` says why so.

- ``app``         joins the routers and middlewares: ``create_app(WebServices) -> FastAPI``
- ``serve``       runs it with uvicorn
- ``services``    what the routes work with (``Services`` as a parameter): database, store, limits
- ``security``    who asks and whether they may: parameters ``Viewer``, ``Reviewer``, ``Admin``
- ``rendering``   ``render(request, "page.html", caller, ...)``; ``templates/base.html`` frames it
- ``navigation``  the links at the head of every page
- ``failures``    errors to pages, or to JSON under ``/api/``
- ``middleware``  headers on every answer, bytes of every request

To add a page: a module with ``router = APIRouter(include_in_schema=False)``, its template, its line
in ``navigation`` and in ``app``, its place in the import contract. Every route takes one of
``Viewer``, ``Reviewer`` and ``Admin``, which also checks CSRF: forms carry a hidden field
``csrf`` (``{{ csrf }}``), scripts the header ``X-CSRF-Token`` (from ``<meta name="csrf">``).
A test walks all routes and refuses one that answers without. Routes are plain ``def``; they call
use cases of ``worker`` and hold no query.
"""
