"""Who a request comes from."""

from workflow_events.environment.reading import variables

variables.section("Users", guide="how-to/identify-users.md")
OIDC_ISSUER = variables.url(
    "OIDC_ISSUER",
    effect="The identity provider whose JSON Web Tokens are accepted. Its keys are found by "
    "`/.well-known/openid-configuration`, unless `OIDC_JWKS_ENDPOINT` is set.",
)
OIDC_JWKS_ENDPOINT = variables.url(
    "OIDC_JWKS_ENDPOINT",
    effect="Where the provider's public keys are. Without `OIDC_ISSUER`, the issuer of a token is "
    "not compared.",
)
OIDC_AUDIENCE = variables.items(
    "OIDC_AUDIENCE",
    effect="The audiences of which a JSON Web Token must name one; required with one of the two.",
)
OIDC_ALGORITHMS = variables.items(
    "OIDC_ALGORITHMS",
    default="RS256, ES256",
    effect="The algorithms that a JSON Web Token may be signed by; never a symmetric one.",
)
OIDC_USERINFO_ENDPOINT = variables.url(
    "OIDC_USERINFO_ENDPOINT",
    effect="Instead of validating tokens, ask the provider here whom a token belongs to.",
)
OIDC_BEARER_TOKEN_REVALIDATION_TIME = variables.integer(
    "OIDC_BEARER_TOKEN_REVALIDATION_TIME",
    default=0,
    minimum=0,
    maximum=86_400,
    effect="Seconds for which an answer of `OIDC_USERINFO_ENDPOINT` is good; `0` asks on every "
    "request.",
)
OIDC_VERIFY_SSL = variables.switch(
    "OIDC_VERIFY_SSL",
    default=True,
    dev=True,
    effect="Whether the certificate of the provider is verified; never `false` in production.",
)
OIDC_TIMEOUT = variables.integer(
    "OIDC_TIMEOUT",
    default=5,
    minimum=1,
    maximum=60,
    effect="Seconds in which the provider must have answered, from the look-up of its name to the "
    "last byte; then the answer is status 503.",
)
OIDC_USERNAME_CLAIM = variables.text(
    "OIDC_USERNAME_CLAIM", default="sub", effect="The claim that is the user name; it must exist."
)
OIDC_GROUPS_CLAIM = variables.text(
    "OIDC_GROUPS_CLAIM",
    default="caluma_groups",
    effect="The claim that lists the user's groups; where it is missing, there are none.",
)
variables.renamed("CALUMA_OIDC_USER_FACTORY", to="OIDC_USER_FACTORY")
OIDC_USER_FACTORY = variables.text(
    "OIDC_USER_FACTORY",
    default="workflow_events.auth.OIDCUser",
    effect="Dotted path of what makes the user; called with the keywords `token` and `claims`.",
)
