"""The settings of the test suite: development, without the receivers of the example."""

import os
import tempfile

os.environ["ENV"] = "dev"
os.environ["EVENT_RECEIVER_MODULES"] = ""

from workflow_events.settings import *  # noqa: F403
from workflow_events.settings import DATABASES, INSTALLED_APPS

# A file, as in earnest: Django never closes a thread's connection to a database in memory.
directory = tempfile.TemporaryDirectory(prefix="workflow-events-")
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["TEST"] = {"NAME": f"{directory.name}/test.sqlite3"}
    # It need not survive a power cut.
    DATABASES["default"]["OPTIONS"]["init_command"] = "PRAGMA synchronous = OFF"
# Every engine that the database can have is tested, not only the one that is used.
if "django_tasks_db" not in INSTALLED_APPS:
    INSTALLED_APPS.insert(0, "django_tasks_db")
# Every client of a test would look for all files of the admin site first: 10 ms.
WHITENOISE_AUTOREFRESH = True
