"""Languages and time."""

from workflow_events.environment.reading import variables

variables.section("Languages and time", guide="how-to/translate-names.md")
LANGUAGE_CODE = variables.language(
    "LANGUAGE_CODE",
    default="en",
    effect="The language of names and descriptions, and what others fall back to. "
    "Changing it later relabels what is stored.",
)
LANGUAGES = variables.languages(
    "LANGUAGES",
    including=LANGUAGE_CODE,
    effect="The languages that names and descriptions may be in, `LANGUAGE_CODE` among them; "
    "`Accept-Language` chooses one.",
)
TIME_ZONE = variables.time_zone(
    "TIME_ZONE",
    default="UTC",
    effect="The zone of local time; whatever is stored and sent carries its offset anyway.",
)
