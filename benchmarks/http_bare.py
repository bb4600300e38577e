"""The bare view beside which the service is measured: the same statements, and nothing else.

``python -m benchmarks.http_bare <file of statements>`` serves it by the service's own server, with
the service's number of workers and threads; the database connections persist as they do there.
"""

import json
import os
import pickle
import sys
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

import django
import environ
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connection, transaction
from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from benchmarks.http_statements import Statement, Varying
from workflow_events.events.declaration.identifiers import uuid7

FILE: Final = "BENCHMARK_STATEMENTS"


@cache
def statements() -> list[Statement]:
    """Return the statements that a completion by the service consists of."""
    found: list[Statement] = pickle.loads(Path(os.environ[FILE]).read_bytes())
    return found


@csrf_exempt
def complete(request: HttpRequest) -> JsonResponse:
    """Execute the statements of a completion for the work item of the request."""
    given = json.loads(request.body)
    values: dict[Any, Any] = {
        Varying.ITEM: given["item"],
        Varying.CASE: given["case"],
        Varying.NEW: uuid7(),
        Varying.NOW: datetime.now(UTC),
    }
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in statements():
            cursor.execute(
                statement.sql,
                [values[p] if isinstance(p, Varying) else p for p in statement.parameters],
            )
            if cursor.description is not None:
                cursor.fetchall()
    return JsonResponse({"completed": given["item"]})


@csrf_exempt
def nothing(request: HttpRequest) -> JsonResponse:
    """Answer; how often is what the load generator and the server are capable of."""
    return JsonResponse({"completed": json.loads(request.body)["item"]})


urlpatterns = [path("complete", complete), path("nothing", nothing)]


def main() -> None:
    """Serve until SIGTERM."""
    os.environ[FILE] = sys.argv[1]
    number = environ.Env().int
    settings.configure(
        ROOT_URLCONF="benchmarks.http_bare",
        ALLOWED_HOSTS=["127.0.0.1"],
        MIDDLEWARE=[
            "django.middleware.security.SecurityMiddleware",
            "django.middleware.common.CommonMiddleware",
        ],
        DATABASES={"default": {**environ.Env().db("DATABASE_URL"), "CONN_MAX_AGE": 60}},
        USE_TZ=True,
        HOST="127.0.0.1",
        PORT=number("PORT"),
        WEB_CONCURRENCY=number("WEB_CONCURRENCY"),
        THREADS=number("THREADS"),
    )
    django.setup()
    from workflow_events.cli.server import Server

    class BareServer(Server):
        def load(self) -> Any:
            return get_wsgi_application()

    BareServer(example=False).run()


if __name__ == "__main__":
    main()
