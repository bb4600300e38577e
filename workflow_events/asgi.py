"""The service as an ASGI application, for any server."""

import os

from django.core.asgi import get_asgi_application

from workflow_events.graphql.limits.deadline import limit_statements

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "workflow_events.settings")

application = get_asgi_application()
limit_statements()
