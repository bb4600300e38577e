"""What the command says where only the event core is installed."""

import os
import traceback
from pathlib import Path
from typing import Final

PACKAGE: Final = f"{Path(__file__).parents[1]}{os.sep}"
"""Where this package is installed."""


def lacks_the_service(error: ModuleNotFoundError) -> bool:
    """Tell whether one of our own modules imports a package that is not installed."""
    frames = traceback.extract_tb(error.__traceback__)
    importers = [frame for frame in frames if "importlib" not in frame.filename]
    ours = bool(importers) and importers[-1].filename.startswith(PACKAGE)
    return ours and error.name is not None and not error.name.startswith("workflow_events")


def advice_on(error: ModuleNotFoundError) -> str:
    """Say what to install, by a message without a line break."""
    return (
        f"{error}: the event core is installed, but not what the service needs; "
        "pip install 'workflow-events[service]'"
    )
