"""Bearer tokens over HTTP: the service and the provider, each in a process of its own."""

import http.client
import json
from contextlib import contextmanager

import pytest

from tests.auth.conftest import eventually
from tests.project.processes import COMMAND, free_port, started
from workflow_events.workflow.models import Task

SAVE = """
mutation { saveCase(input: {workflow: "application"}) {
  case { createdByUser createdByGroup } } }
"""
COUNT = "{ allCases { totalCount } }"
CHALLENGE = 'Bearer error="invalid_token", error_description="'


class Service:
    """Asks the service that runs."""

    def __init__(self, port):
        self.port = port

    def __call__(self, query=COUNT, token=None, header=None):
        """Return the status, the headers, and the parsed body of the answer."""
        headers = {"Content-Type": "application/json"}
        if token or header:
            headers["Authorization"] = header or f"Bearer {token}"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("POST", "/graphql", json.dumps({"query": query}), headers)
        with connection.getresponse() as answer:
            assert answer.headers["Content-Type"] == "application/json"
            found = answer.status, answer.headers, json.load(answer)
        connection.close()
        return found

    def refusal(self, status, code, token=None, header=None):
        """Check that the request is refused by this status and code; return headers, message."""
        found, headers, body = self(SAVE, token, header)
        assert found == status, body
        [error] = body.pop("errors")
        assert body == {}
        assert error.pop("extensions") == {"code": code}
        message = error.pop("message")
        assert error == {}
        return headers, message

    def cases(self, token=None):
        return self(token=token)[2]["data"]["allCases"]["totalCount"]


@contextmanager
def serving(tmp_path, **variables):
    port = free_port()
    command = [COMMAND, "serve", "--migrate", "--load-example"]
    # One worker: each has keys, and fetches, of its own.
    variables |= {"ENV": "dev", "PORT": str(port), "WEB_CONCURRENCY": "1"}
    with started(command, cwd=tmp_path, **variables) as (_, output):
        output.wait_for("^Serving ")
        yield Service(port), output


def test_json_web_tokens(tmp_path, provider):
    variables = {"OIDC_ISSUER": provider.url, "OIDC_AUDIENCE": "workflow", "OIDC_TIMEOUT": "1"}
    with serving(tmp_path, **variables) as (service, output):
        provider.misbehave("/keys", "drip-body")
        token = provider.token(caluma_groups=["clerks"])
        headers, message = service.refusal(503, "UNAVAILABLE", token)
        assert headers["Retry-After"] == "5"
        assert message == "The identity provider does not answer as it should; try again later."
        output.wait_for("WARNING .*The keys of the identity provider could not be fetched: ")
        provider.misbehave("/keys", None)

        _, _, body = eventually(lambda: accepted(service(SAVE, token)))
        assert body["data"]["saveCase"]["case"] == {
            "createdByUser": "ann",
            "createdByGroup": "clerks",
        }

        headers, message = service.refusal(401, "UNAUTHENTICATED", provider.token(exp=1))
        assert message == "The token has expired."
        assert headers["WWW-Authenticate"] == f'{CHALLENGE}The token has expired."'
        _, message = service.refusal(401, "UNAUTHENTICATED", provider.token(aud="other"))
        assert message == "The token is meant for another audience."
        headers, _ = service.refusal(401, "UNAUTHENTICATED", header="Basic dTpw")
        assert headers["WWW-Authenticate"] == "Bearer"
        service.refusal(401, "UNAUTHENTICATED", header="Bearer")
        service.refusal(401, "UNAUTHENTICATED", header="Bearer a b")
        service.refusal(401, "UNAUTHENTICATED", header=b"Bearer gr\xfcn")

        tried_by_hand = provider.text("/token?sub=bob&groups=clerks,people")
        assert service(SAVE.replace("createdByGroup", ""), tried_by_hand)[0] == 200

        provider.rotate("second", "ES256", keep=True)
        eventually(lambda: accepted(service(token=provider.token())))
        provider.misbehave("/keys", "error")
        assert accepted(service(token=token)), "keys that are known go on working"
        # What was refused left no case behind.
        assert service.cases() == 2
        assert not [line for line in output.lines if token in line]


def accepted(answer):
    """Return the answer if the token was accepted, None if its time has not come yet."""
    status, _, body = answer
    assert status in (200, 401, 503), body
    return answer if status == 200 else None


def test_userinfo(tmp_path, provider):
    provider("set", users={"opaque": {"sub": "ann", "caluma_groups": ["clerks"]}})
    variables = {"OIDC_USERINFO_ENDPOINT": provider.userinfo, "OIDC_TIMEOUT": "1"}
    with serving(tmp_path, **variables) as (service, _):
        status, _, body = service(SAVE, "opaque")
        assert (status, body["data"]["saveCase"]["case"]["createdByUser"]) == (200, "ann")
        service.refusal(401, "UNAUTHENTICATED", "another")
        provider("set", status={"/userinfo": 418})
        service.refusal(503, "UNAVAILABLE", "opaque")
        provider("set", status={})
        provider.misbehave("/userinfo", "drip-headers")
        service.refusal(503, "UNAVAILABLE", "opaque")
        # Who needs no provider is served meanwhile.
        assert service.cases() == 1
        provider.misbehave("/userinfo", None)
        eventually(lambda: accepted(service(token="opaque")))


def test_a_token_without_any_provider_is_refused(tmp_path):
    with serving(tmp_path) as (service, _):
        _, message = service.refusal(401, "UNAUTHENTICATED", "abc")
        assert message == "No identity provider is configured, so no token is accepted."
        assert service.cases() == 0


def make_mistake(token, claims):
    raise ZeroDivisionError(f"of {token}")


@pytest.mark.django_db
def test_a_factory_that_fails_is_an_unexpected_error_in_json(
    client, settings, userinfo_mode, caplog
):
    settings.OIDC_USER_FACTORY = f"{__name__}.make_mistake"
    userinfo_mode("set", users={"opaque": {"sub": "ann"}})
    answer = client.post(
        "/graphql",
        {"query": 'mutation { saveSimpleTask(input: {slug: "a", name: "A"}) { task { id } } }'},
        content_type="application/json",
        headers={"authorization": "Bearer opaque"},
    )
    [error] = answer.json()["errors"]
    assert (answer.status_code, list(answer.json())) == (500, ["errors"])
    assert error["extensions"]["code"] == "INTERNAL_ERROR"
    assert error["extensions"]["id"] in error["message"]
    assert "opaque" not in answer.text
    [logged] = [found for found in caplog.records if found.name == "workflow_events.graphql"]
    assert error["extensions"]["id"] in logged.getMessage()
    assert logged.exc_info[0] is ZeroDivisionError
    assert not Task.objects.exists()


@pytest.mark.parametrize("method", ["get", "post"])
def test_an_unknown_user_learns_nothing_of_the_request(client, method):
    """The token is looked at before the document: it decides whether one may ask at all."""
    answer = getattr(client, method)(
        "/graphql", {"query": "{ nonsense"}, headers={"authorization": "Bearer abc"}
    )
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith(CHALLENGE)


@pytest.mark.django_db
def test_receivers_and_resolvers_get_the_user(client, userinfo_mode):
    from workflow_events.cli.example import load_example
    from workflow_events.events import on
    from workflow_events.workflow.events import post_create_case

    seen = []

    @on(post_create_case)
    def remember(user):
        seen.append((user.username, user.token, user.claims["sub"]))

    load_example()
    body = {"query": SAVE}
    answer = client.post(
        "/graphql", body, "application/json", headers={"authorization": "Bearer opaque"}
    )
    assert answer.status_code == 200, answer.json()
    assert seen == [("ann", "opaque", "ann")]
