"""The environment of this process, in which every variable is declared once."""

import os

from workflow_events.configuration import Variables

variables = Variables(os.environ)
ENV = variables.env
