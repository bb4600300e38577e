"""Pages of other origins."""

from workflow_events.environment.reading import variables

variables.section("Pages of other origins", guide="how-to/deploy.md")
CORS_ORIGIN_ALLOW_ALL = variables.switch(
    "CORS_ORIGIN_ALLOW_ALL",
    default=False,
    dev=False,
    effect="Lets pages of every origin call the service.",
)
CORS_ORIGIN_WHITELIST = variables.origins(
    "CORS_ORIGIN_WHITELIST",
    effect="The origins whose pages may call the service, like `https://portal.example.org`.",
)
CORS_ALLOW_CREDENTIALS = variables.switch(
    "CORS_ALLOW_CREDENTIALS",
    default=True,
    dev=True,
    effect="Whether those pages may send what the browser keeps for the service. Off, if any "
    "origin may call it and a proxy before it knows users by cookies.",
)
CORS_ALLOW_HEADERS = variables.tokens(
    "CORS_ALLOW_HEADERS",
    default="accept, accept-language, authorization, content-type, language, user-agent, "
    "x-csrftoken, x-requested-with",
    effect="The headers that those pages may send.",
)
CORS_ALLOW_METHODS = variables.tokens(
    "CORS_ALLOW_METHODS",
    default="OPTIONS, GET, POST",
    effect="The methods that those pages may use.",
)
