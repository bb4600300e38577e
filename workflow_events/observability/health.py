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

    Why a check fails is in the log only: anybody may ask.
    """
    results = readiness.results()
    checks = {name: "ok" if passes else "failed" for name, passes in results.items()}
    ready = all(results.values())
    return _answer({"status": "ok" if ready else "failed", "checks": checks}, 200 if ready else 503)


def _answer(body: dict[str, object], status: int = 200) -> HttpResponse:
    return JsonResponse(body, status=status, headers={"Cache-Control": "no-store"})
