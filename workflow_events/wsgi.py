"""The service as a WSGI application, for any server."""

import os

from django.core.wsgi import get_wsgi_application

from workflow_events.graphql.limits.deadline import limit_statements

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "workflow_events.settings")

application = get_wsgi_application()
limit_statements()
