"""What a request may ask for."""

from workflow_events.environment.reading import variables

variables.section("Limits", guide="how-to/limit-requests.md")
MAX_BODY_SIZE = variables.integer(
    "MAX_BODY_SIZE",
    default=2_621_440,
    minimum=1_000,
    maximum=2**31,
    effect="Bytes that the body of a request may have; a larger one gets status 413.",
)
REQUEST_DEADLINE = variables.integer(
    "REQUEST_DEADLINE",
    default=30,
    minimum=0,
    maximum=86_400,
    effect="Seconds that a request may take; then it ends with `LIMIT_EXCEEDED`; `0`: no limit.",
)
QUERY_LENGTH_LIMIT = variables.limit(
    "QUERY_LENGTH_LIMIT",
    default=500_000,
    effect="Characters that a document may have.",
)
QUERY_TOKEN_LIMIT = variables.limit(
    "QUERY_TOKEN_LIMIT",
    default=12_000,
    effect="Tokens that a document may have, comments included.",
)
QUERY_DEPTH_LIMIT = variables.limit(
    "QUERY_DEPTH_LIMIT",
    default=50,
    effect="How deep the selections of a document may nest, fragments expanded, and so its values "
    "and those of its variables.",
)
QUERY_ALIAS_LIMIT = variables.limit(
    "QUERY_ALIAS_LIMIT",
    default=500,
    effect="Aliases that a document may have, fragments expanded.",
)
QUERY_COMPLEXITY_LIMIT = variables.limit(
    "QUERY_COMPLEXITY_LIMIT",
    default=500_000,
    effect="Fields that a document may ask for, fragments expanded and each list counted as ten "
    "rows, or as `first` or `last` where they say fewer.",
)
QUERY_FILTER_LIMIT = variables.limit(
    "QUERY_FILTER_LIMIT",
    default=200,
    effect="Entries that one list of filters, or of orders, may have.",
)
QUERY_VALUE_LIMIT = variables.limit(
    "QUERY_VALUE_LIMIT",
    default=10_000,
    effect="Values that the variables of a document may hold, those in lists and objects counted "
    "one by one.",
)
MAX_PAGE_SIZE = variables.limit(
    "MAX_PAGE_SIZE",
    default=0,
    effect="The most rows that a page of a list has, whatever `first` and `last` ask for.",
)
DISABLE_INTROSPECTION = variables.switch(
    "DISABLE_INTROSPECTION",
    default=True,
    dev=False,
    effect="Keeps the schema from clients: `__schema` and `__type` are refused, and errors suggest "
    "no names.",
)
