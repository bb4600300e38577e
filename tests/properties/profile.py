"""How hard hypothesis tries: HYPOTHESIS_PROFILE=thorough for more than the default ``fast``."""

import os
from typing import Any, Final

from hypothesis import HealthCheck, Phase, settings

_COMMON: Final[dict[str, Any]] = {
    "deadline": None,
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large],
    "print_blob": True,
    "phases": [Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
}
_PROFILES: Final = {
    # Answers the same twice; what is new is found by the thorough one.
    "fast": settings(max_examples=15, stateful_step_count=20, derandomize=True, **_COMMON),
    "thorough": settings(max_examples=500, stateful_step_count=40, **_COMMON),
}
PROFILE: Final = _PROFILES[os.environ.get("HYPOTHESIS_PROFILE", "fast")]
"""Given to each test by itself, so that other hypothesis tests keep their own."""
