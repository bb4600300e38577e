"""The language of a request: that of ``Accept-Language`` among ``LANGUAGES`` (facts 1.1).

Not Django's LocaleMiddleware, which prefers a cookie and leaves the language of a request behind
in its thread. In force with several languages only.
"""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.translation.trans_real import parse_accept_lang_header


def negotiated(header: str) -> str:
    """Return the offered language that the header of a request asks for most (RFC 9110, 12.5.4).

    A variant that is not offered gets the general language, and the other way round. What is
    malformed, and what offers no choice, gets ``LANGUAGE_CODE``.
    """
    for wanted, quality in parse_accept_lang_header(header):
        if wanted == "*" or not quality:
            break  # the best comes first: the rest is not wanted, or is as good as ours
        try:
            return translation.get_supported_language_variant(wanted)
        except LookupError:
            continue
    return settings.LANGUAGE_CODE


class LanguageMiddleware:
    """Activates the language of the request, for the time of the request."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer in that language, and say so."""
        language = negotiated(request.headers.get("Accept-Language", ""))
        with translation.override(language):
            response = self.get_response(request)
        patch_vary_headers(response, ["Accept-Language"])
        response.headers["Content-Language"] = language
        return response
