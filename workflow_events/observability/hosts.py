"""Which host names are answered."""

from django.http import HttpRequest, HttpResponsePermanentRedirect
from django.middleware.common import CommonMiddleware

PROBES = frozenset({"/healthz", "/healthz/", "/readyz", "/readyz/", "/metrics", "/metrics/"})


class Hosts(CommonMiddleware):
    """Refuses hosts that are not in ALLOWED_HOSTS, but for probes, which come by address."""

    def process_request(self, request: HttpRequest) -> HttpResponsePermanentRedirect | None:
        """Return nothing for a request that may go on; raise `DisallowedHost` for another."""
        return None if request.path_info in PROBES else super().process_request(request)
