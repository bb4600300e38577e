"""``python -m workflow_events.cli`` is ``workflow-events``."""

from workflow_events.cli import main

main()
