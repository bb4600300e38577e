"""Commands of the event core, for ``manage.py`` and ``workflow-events``."""
