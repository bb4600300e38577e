"""What generates the reference pages; it reads declarations, so Django must be set up first."""

import django
from django.apps import apps

if not apps.ready:
    django.setup()
