"""The environment variables of the service: a module for each section of their page.

Each is a setting of the same name. docs/reference/configuration.md is generated from here.
"""

# In the order of the page.
# isort: off
from workflow_events.environment.reading import *  # noqa: F403
from workflow_events.environment.service import *  # noqa: F403
from workflow_events.environment.database import *  # noqa: F403
from workflow_events.environment.your_code import *  # noqa: F403
from workflow_events.environment.background import *  # noqa: F403
from workflow_events.environment.mail import *  # noqa: F403
from workflow_events.environment.access import *  # noqa: F403
from workflow_events.environment.users import *  # noqa: F403
from workflow_events.environment.limits import *  # noqa: F403
from workflow_events.environment.languages import *  # noqa: F403
from workflow_events.environment.origins import *  # noqa: F403
from workflow_events.environment.logs import *  # noqa: F403
from workflow_events.environment.server import *  # noqa: F403
