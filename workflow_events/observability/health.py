"""The probes of whoever runs the service: ``/healthz`` and ``/readyz``."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from workflow_events.observability.readiness import Readiness

readiness = Readiness()


@require_safe
def healthz(_request: HttpRequest) -> HttpResponse:
    """Say that the process answers requests; nothing else is asked."""
    return _answer({"status": "ok"})


@require_safe
def readyz(_request: HttpRequest) -> HttpResponse:
    """Say by status 200 or 503 whether the process can do its work, with an entry per check.

    Why a check fails is in the log only: anybody may ask. How many deliveries are due or dead is
    said besides; it makes no process less ready than another.
    """
    results = readiness.results()
    figures = {name: value for name, value in readiness.figures.items() if results.get(name)}
    checks = {name: "ok" if passes else "failed" for name, passes in results.items()}
    ready = all(results.values())
    status = "ok" if ready else "failed"
    return _answer({"status": status, "checks": checks, **figures}, 200 if ready else 503)


def _answer(body: dict[str, object], status: int = 200) -> HttpResponse:
    return JsonResponse(body, status=status, headers={"Cache-Control": "no-store"})
