"""The admin site of a running service, over real HTTP."""

import re
import shutil
from html import unescape
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.project.processes import run
from tests.project.services import JSON, Service, service

pytestmark = pytest.mark.any_database

PASSWORD = "correct horse battery staple"
ACCOUNT = {
    "DJANGO_SUPERUSER_USERNAME": "root",
    "DJANGO_SUPERUSER_EMAIL": "root@example.org",
    "DJANGO_SUPERUSER_PASSWORD": PASSWORD,
}
PRODUCTION = {
    "ENV": "production",
    "SECRET_KEY": "long-and-secret",
    "ALLOWED_HOSTS": "workflow.example.org,.example.net,127.0.0.1",
    "PERMISSION_CLASSES": "workflow_events.access.permissions.AllowAny",
    "VISIBILITY_CLASSES": "workflow_events.access.visibilities.Any",
    "EVENT_RECEIVER_MODULES": "",
}
RECEIVER = """\
from workflow_events.events import on
from workflow_events.workflow.events import post_create_case

@on(post_create_case, background=True)
def write_a_letter(case):
    pass
"""
START = {"query": 'mutation { saveCase(input: {workflow: "application"}) { case { id } } }'}
LIST = "/admin/delivery/delivery/"
STYLES = "/admin/static/admin/css/base.css"


class Browser:
    """Sends what the pages of a service ask for, with the cookies that it got."""

    def __init__(self, running: Service, **headers: str) -> None:
        self.running = running
        self.headers = headers
        self.cookies: SimpleCookie = SimpleCookie()
        self.page = ""

    def get(self, path):
        """Return the response to a request for a page."""
        return self._send("GET", path, None)

    def post(self, path, *fields, **more):
        """Return the response to a form, with the token of the last page."""
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self.page)[1]
        form = [("csrfmiddlewaretoken", token), *fields, *more.items()]
        return self._send("POST", path, urlencode(form))

    def log_in(self):
        """Log the account in; returns the response to the form."""
        assert self.get("/admin/login/").status == 200
        return self.post("/admin/login/", username="root", password=PASSWORD, next=LIST)

    def _send(self, method, path, body):
        headers = {"Content-Type": "application/x-www-form-urlencoded", **self.headers}
        headers["Cookie"] = "; ".join(f"{m.key}={m.value}" for m in self.cookies.values())
        response, self.page = self.running.request(method, path, body, **headers)
        for line in response.headers.get_all("Set-Cookie", []):
            self.cookies.load(line)
        return response


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a receiver in the background, tables, an account, and the example."""
    directory = tmp_path_factory.mktemp("admin")
    (directory / "letters.py").write_text(RECEIVER)
    make_account(directory, ENV="dev")
    assert run("load-example", cwd=directory, ENV="dev").returncode == 0
    return directory


@pytest.fixture
def directory(prepared: Path, tmp_path: Path) -> Path:
    return shutil.copytree(prepared, tmp_path / "copy")


def make_account(directory, **variables):
    """Make the tables and an account."""
    assert run("migrate", cwd=directory, **variables).returncode == 0
    ended = run("createsuperuser", "--noinput", cwd=directory, **variables, **ACCOUNT)
    assert ended.returncode == 0, ended.stderr


def test_an_operator_finds_a_delivery_cancels_it_and_redelivers_it(directory):
    variables = {"ENV": "dev", "EVENT_RECEIVER_MODULES": "letters"}
    with service(directory, **variables) as running:
        status, answer = running.ask(START)
        assert (status, "errors" in answer) == (200, False)

        browser = Browser(running)
        response = browser.get("/admin/")
        assert (response.status, response.headers["Location"]) == (
            302,
            "/admin/login/?next=/admin/",
        )
        response = browser.get("/admin")
        assert (response.status, response.headers["Location"]) == (302, "/admin/")
        assert browser.log_in().headers["Location"] == LIST

        assert browser.get(LIST).status == 200
        assert "<wbr>write_<wbr>a_<wbr>letter" in browser.page
        [key] = re.findall(rf'href="{LIST}(\d+)/change/', browser.page)
        assert browser.get(f"{LIST}{key}/change/").status == 200
        assert "letters.write_a_letter" in browser.page
        [event] = re.findall(r'href="(/admin/delivery/loggedevent/[\w-]+/change/)"', browser.page)
        assert browser.get(event).status == 200
        assert '"version": 1' in unescape(browser.page)

        for action, done in (("cancel", "canceled"), ("redeliver", "redelivered")):
            browser.get(LIST)
            chosen = ("action", action), ("_selected_action", key)
            assert browser.post(LIST, *chosen, index="0").status == 200
            assert "this delivery?" in browser.page
            assert browser.post(LIST, *chosen, confirmed="yes").status == 302
            browser.get(LIST)
            assert f"1 delivery was {done}." in browser.page
        assert ">Pending<" in browser.page


def test_cookies_and_pages_are_protected(directory):
    with service(directory, CORS_ORIGIN_WHITELIST="https://portal.example.org") as running:
        browser = Browser(running, Origin="https://portal.example.org")
        response = browser.get("/admin/login/")
        assert response.headers["X-Frame-Options"] == "DENY"
        assert [name for name in response.headers if name.startswith("Access-Control")] == []
        browser = Browser(running)
        browser.log_in()
        assert browser.cookies.keys() == {"csrftoken", "sessionid"}
        for cookie in browser.cookies.values():
            assert (cookie["path"], cookie["samesite"]) == ("/admin/", "Lax")
            assert not cookie["secure"]
        assert browser.cookies["sessionid"]["httponly"]

        # A form of another site.
        strange = Browser(running, Origin="https://elsewhere.example")
        strange.cookies = browser.cookies
        strange.page = browser.page
        browser.get("/admin/")
        strange.page = browser.page
        assert strange.post("/admin/logout/").status == 403
        assert browser.get("/admin/").status == 200


def test_what_pages_need_is_served_without_collecting_it(directory):
    with service(directory) as running:
        response, text = running.request("GET", STYLES)
        assert response.status == 200
        assert response.headers["Content-Type"].startswith("text/css")
        assert "Access-Control-Allow-Origin" not in response.headers
        assert len(text) > 1_000
        for path in ("/admin/static/admin/css/none.css", "/admin/static/../../settings.py"):
            response, _ = running.request("GET", path)
            assert response.status == 302
            assert response.headers["Location"].startswith("/admin/login/")


def test_in_production_there_is_none_unless_it_is_asked_for(tmp_path):
    with service(tmp_path, **PRODUCTION) as running:
        for path in (
            "/admin",
            "/admin/",
            "/admin/login/",
            LIST,
            STYLES,
        ):
            assert running.request("GET", path)[0].status == 404
    ended = run("createsuperuser", "--noinput", cwd=tmp_path, **PRODUCTION, **ACCOUNT)
    assert ended.returncode == 1
    assert "createsuperuser" in ended.stderr


def test_it_can_be_switched_on_later(tmp_path):
    assert run("migrate", cwd=tmp_path, **PRODUCTION).returncode == 0
    variables = {**PRODUCTION, "ENABLE_ADMIN": "true"}
    ended = run("serve", cwd=tmp_path, **variables)
    assert ended.returncode == 1
    assert ended.stderr == (
        "workflow-events: DATABASE_URL: the tables are missing or not up to date; "
        "run `workflow-events migrate`, or `workflow-events serve --migrate`\n"
    )
    make_account(tmp_path, **variables)
    # A proxy ends TLS before the service, which does not know of it.
    for host in ("workflow.example.org", "some.example.net"):
        with service(tmp_path, **variables) as running:
            browser = Browser(running, Host=host, Origin=f"https://{host}")
            assert browser.log_in().status == 302
            assert [c["secure"] for c in browser.cookies.values()] == [True, True]
            assert browser.get(LIST).status == 200
            assert running.request("GET", STYLES)[0].status == 200
            for origin in ("https://elsewhere.example", f"http://evil.{host}"):
                browser.get(LIST)
                browser.headers["Origin"] = origin
                assert browser.post("/admin/logout/").status == 403


def test_a_session_says_nothing_on_the_endpoint(directory):
    """Who is asking is told by the token only, which this one lacks."""
    (directory / "strict.py").write_text(
        "from workflow_events.access.permissions import BasePermission, permission_for\n"
        "from workflow_events.graphql.mutations import Mutation\n"
        "class Known(BasePermission):\n"
        "    @permission_for(Mutation)\n"
        "    def known(self, mutation, info):\n"
        "        return info.context.user.is_authenticated\n"
    )
    with service(directory, PERMISSION_CLASSES="strict.Known") as running:
        browser = Browser(running)
        assert browser.log_in().status == 302
        cookie = f"sessionid={browser.cookies['sessionid'].value}"
        answers = [running.ask(START, **extra) for extra in ({}, {"Cookie": cookie})]
        assert answers[0] == answers[1]
        assert answers[0][1]["errors"][0]["extensions"]["code"] == "PERMISSION_DENIED"
        response, _ = running.request("POST", "/graphql", "{}", **JSON, Cookie=cookie)
        assert "Set-Cookie" not in response.headers
        assert "X-Frame-Options" not in response.headers
