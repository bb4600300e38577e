"""Settings, all from environment variables (see docs/reference/configuration.md)."""

from pathlib import Path

import environ

env = environ.Env()
BASE_DIR = Path(__file__).resolve().parent.parent

ENV = env.str("ENV", default="production")
SECRET_KEY = env.str("SECRET_KEY", default="development only")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["*"])
DEBUG = env.bool("DEBUG", default=ENV == "dev")
DATABASES = {"default": env.db_url("DATABASE_URL", default=f"sqlite:///{BASE_DIR}/db.sqlite3")}
INSTALLED_APPS = ["workflow_events.workflow", "workflow_events"]
ROOT_URLCONF = "workflow_events.urls"
USE_TZ = True
TIME_ZONE = "UTC"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
EVENT_RECEIVER_MODULES: list[str] = []
EVENT_MAX_DEPTH = env.int("EVENT_MAX_DEPTH", default=64)
