"""Who may do what, and who sees what."""

from workflow_events.configuration import REQUIRED
from workflow_events.environment.reading import variables

variables.section("Access", guide="how-to/control-access.md")
PERMISSION_CLASSES = variables.items(
    "PERMISSION_CLASSES",
    default=REQUIRED,
    dev="workflow_events.access.permissions.AllowAny",
    effect="Dotted paths of classes that say who may do what; all of them must agree. "
    "`workflow_events.access.permissions.AllowAny` restricts nobody.",
)
VISIBILITY_CLASSES = variables.items(
    "VISIBILITY_CLASSES",
    default=REQUIRED,
    dev="workflow_events.access.visibilities.Any",
    effect="Dotted paths of classes that say who sees what; they filter one after another. "
    "`workflow_events.access.visibilities.Any` restricts nobody.",
)
VALIDATION_CLASSES = variables.items(
    "VALIDATION_CLASSES",
    effect="Dotted paths of classes that check, and may change, what mutations are given, "
    "one after another.",
)
