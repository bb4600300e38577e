"""Where the service answers."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, path, re_path
from django.views.generic import RedirectView

from workflow_events.graphql.view import GraphQLView
from workflow_events.observability.health import healthz, readyz
from workflow_events.observability.metrics import metrics

urlpatterns: list[URLPattern | URLResolver] = [
    # Any path that contains the word, as clients know it under different prefixes (facts 1.1).
    re_path(r"graphql", GraphQLView.as_view(), name="graphql"),
    re_path(r"^healthz/?$", healthz, name="healthz"),
    re_path(r"^readyz/?$", readyz, name="readyz"),
    re_path(r"^metrics/?$", metrics, name="metrics"),
]
if settings.ENABLE_ADMIN:
    from django.contrib import admin

    urlpatterns += [
        path("admin", RedirectView.as_view(pattern_name="admin:index")),
        path("admin/", admin.site.urls),
    ]
