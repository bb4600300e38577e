"""A call that ends in time, whatever the peer does, and TLS."""

import datetime
import ipaddress
import socket
import ssl
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.auth.conftest import Provider, in_time
from tests.auth.provider import new_key
from tests.project.processes import ROOT, started
from workflow_events.auth.client import MAX_ANSWER, Client, NoAnswer
from workflow_events.auth.deadlines import Deadline


@pytest.fixture
def client():
    client = Client(1, verify=True)
    yield client
    client.close()


def test_a_deadline_that_is_over_is_an_error():
    assert 0 < Deadline(60).remaining() <= 60
    with pytest.raises(TimeoutError):
        Deadline(0).remaining()


def test_a_peer_that_accepts_and_says_nothing_is_left(client):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        for scheme in ("http", "https"):
            with pytest.raises(NoAnswer, match=r"(?i)timed out|in time"):
                in_time(client.get, f"{scheme}://127.0.0.1:{silent.getsockname()[1]}/")


def test_a_peer_that_does_not_accept_is_left(client):
    with socket.create_server(("127.0.0.1", 0), backlog=1) as full:
        address = full.getsockname()
        waiting = [socket.socket() for _ in range(8)]
        for other in waiting:
            other.setblocking(False)
            other.connect_ex(address)
        with pytest.raises(NoAnswer, match=r"(?i)timed out|in time"):
            in_time(client.get, f"http://127.0.0.1:{address[1]}/")
        for other in waiting:
            other.close()


def test_a_name_that_is_not_resolved_in_time_is_left(client, monkeypatch):
    # No resolver can be made slow from here, so that its call is.
    forever = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: forever.wait(300) and [])
    with pytest.raises(NoAnswer, match="the name of the host was not resolved in time"):
        in_time(client.get, "http://provider.example/")
    forever.set()


def test_the_next_address_is_tried_when_one_does_not_answer(client, monkeypatch, provider):
    host, port = provider.url.removeprefix("http://").split(":")
    with socket.create_server((host, 0)) as closed:
        free = closed.getsockname()
    good = (socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, int(port)))
    bad = (socket.AF_INET, socket.SOCK_STREAM, 6, "", free)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [bad, good])
    assert client.get(f"{provider.url}/keys").status == 200


def test_an_answer_has_a_largest_size(client, provider):
    padding = "x" * (MAX_ANSWER - len('{"a": ""}'))
    provider("set", documents={"/large": {"a": padding}})
    assert client.get(f"{provider.url}/large").json() == {"a": padding}
    provider("set", documents={"/large": {"a": padding + "x"}})
    with pytest.raises(NoAnswer, match="more than 1000000 bytes"):
        client.get(f"{provider.url}/large")


def connections(provider, client, times):
    """Return how many connections the client made for so many requests."""
    before = provider("counts")["connections"]
    for _ in range(times):
        assert client.get(f"{provider.url}/keys").status == 200
    # One more is the question itself.
    return provider("counts")["connections"] - before - 1


def test_a_connection_is_kept_for_the_next_request(client, provider):
    assert connections(provider, client, 5) == 1


def test_a_connection_that_nobody_used_for_long_is_closed(client, provider, monkeypatch):
    monkeypatch.setattr("workflow_events.auth.client.MAX_IDLE", -1)
    assert connections(provider, client, 5) == 5


def test_not_every_connection_is_kept(client, provider, monkeypatch):
    monkeypatch.setattr("workflow_events.auth.client.MAX_KEPT", 0)
    assert connections(provider, client, 5) == 5


def test_a_client_that_was_closed_keeps_no_connection(client, provider):
    client.close()
    assert connections(provider, client, 2) == 2


def test_an_answer_in_chunks_is_read(client, provider):
    provider.misbehave("/chunks", "chunks")
    assert client.get(f"{provider.url}/chunks").json() == {"sub": "ann"}


ANSWER = b'HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n{"sub": "%s"}'


@pytest.mark.parametrize(
    ("said", "late"),
    [
        (ANSWER % b"ann", ANSWER % b"eve"),
        (ANSWER % b"ann", b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n"),
        (b"HTTP/1.1 103 Early Hints\r\n\r\n", ANSWER % b"ann"),
        (b"HTTP/1.1 103 Early Hints\r\n\r\n", b""),
    ],
    ids=["two answers", "timeout", "hints", "hints alone"],
)
def test_nobody_gets_what_is_left_of_the_answer_to_another(client, said, late):
    """What a peer sends without being asked is no answer to the next question."""
    with socket.create_server(("127.0.0.1", 0)) as peer, ThreadPoolExecutor() as executor:
        peer.settimeout(10)
        url = f"http://127.0.0.1:{peer.getsockname()[1]}/"

        def serve(answer):
            connection = peer.accept()[0]
            connection.recv(10_000)
            connection.sendall(answer)
            return connection

        first = executor.submit(serve, said)
        client.get(url)
        with first.result() as connection:
            connection.sendall(late)
            second = executor.submit(serve, ANSWER % b"bob")
            assert client.get(url).json() == {"sub": "bob"}
            second.result().close()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """The path of a self-signed certificate for 127.0.0.1, with its key."""
    key = new_key("ES256")
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    now = datetime.datetime.now(datetime.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "certificate.pem"
    path.write_bytes(
        signed.public_bytes(Encoding.PEM)
        + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    return path


@pytest.fixture(scope="module")
def secure(certificate):
    """A provider that speaks TLS."""
    command = [sys.executable, "-m", "tests.auth.provider", "--certificate", str(certificate)]
    with started(command, cwd=ROOT) as (_, output):
        url = output.wait_for("^Provider at ").removeprefix("Provider at ")
        yield Provider(url, ssl.create_default_context(cafile=certificate))


def test_a_certificate_that_nobody_vouches_for_is_refused(secure, client):
    with pytest.raises(NoAnswer, match="CERTIFICATE_VERIFY_FAILED"):
        client.get(f"{secure.url}/keys")
    assert secure.asked("/keys") == 0


def test_the_verification_can_be_switched_off(secure):
    client = Client(5, verify=False)
    before = secure("counts")["connections"]
    for _ in range(3):
        assert client.get(f"{secure.url}/keys").json() == secure.read("/keys")
    client.close()
    # One connection for all three, and one for each of the test's own questions.
    assert secure("counts")["connections"] == before + 1 + 3 + 1


def test_an_authority_of_ones_own_can_be_named(secure, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    client = Client(5, verify=True)
    assert client.get(f"{secure.url}/keys").status == 200
    client.close()
