"""Django's middleware of browsers and sessions, on the pages of the admin site only.

Everywhere else, and so on the GraphQL endpoint, there is no session that a cookie could bring.
"""

from collections.abc import Awaitable, Callable
from typing import Final

from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponseBase
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.csrf import CsrfViewMiddleware
from django.utils.deprecation import MiddlewareMixin

PATH: Final = "/admin/"
"""What the paths of all pages of the admin site begin with."""


class OnAdminPages(MiddlewareMixin):
    """Passes requests for anything else on, as if the middleware was not there."""

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        """Answer by the middleware where it is a page of the admin site."""
        if request.path_info.startswith(PATH):
            return super().__call__(request)
        pass_on: Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]]
        pass_on = self.get_response
        return pass_on(request)


class Sessions(OnAdminPages, SessionMiddleware):
    """Knows browsers by their cookies."""


class Forgeries(OnAdminPages, CsrfViewMiddleware):
    """Refuses forms that other sites have made (the GraphQL view is exempt anyway)."""


class Accounts(OnAdminPages, AuthenticationMiddleware):
    """Sets the user of a request to the account that has logged in."""


class Messages(OnAdminPages, MessageMiddleware):
    """Keeps what an action has to say until the next page."""


class Frames(OnAdminPages, XFrameOptionsMiddleware):
    """Keeps other sites from showing our pages in a frame."""
