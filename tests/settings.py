"""The settings of the test suite: development, without the receivers of the example."""

import os

os.environ["ENV"] = "dev"
os.environ["EVENT_RECEIVER_MODULES"] = ""

from workflow_events.settings import *  # noqa: F403
