"""``python -m tests.auth.provider``: an identity provider with real keys, to test and to try.

It prints where it listens, and does as it is told: ``POST /control`` with ``{"do": …}`` signs
tokens, rotates keys, counts requests, or makes a path misbehave.
"""

import argparse
import json
import os
import socket
import ssl
import struct
import threading
import time
from collections import Counter
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import get_default_algorithms


class State:
    """The keys of the provider, and how it behaves."""

    def __init__(self) -> None:
        self.open = set()
        self.reset()

    def reset(self) -> None:
        self.keys = {}
        self.behaviour = {}
        self.status = {}
        self.users = {}
        self.documents = {}
        self.requests = Counter()
        self.connections = Counter()
        self.discovered_issuer = None
        self.jwks_uri = None
        self.held = threading.Event()
        self.rotate("first", "RS256")

    def rotate(self, kid, algorithm, keep=False, members=None):
        """Sign by a new key from now on; ``keep`` also publishes those before."""
        if not keep:
            self.keys.clear()
        self.keys[kid] = (algorithm, new_key(algorithm), members or {})
        self.current = kid

    def published(self):
        return [self.jwk(kid) for kid in self.keys]

    def jwk(self, kid):
        algorithm, private, members = self.keys[kid]
        public = get_default_algorithms()[algorithm].to_jwk(private.public_key(), as_dict=True)
        found = {**public, "kid": kid, "use": "sig", "alg": algorithm, **members}
        return {name: value for name, value in found.items() if value is not None}

    def sign(self, claims, kid=None, algorithm=None, headers=None):
        kid = kid or self.current
        known_as, private, _ = self.keys[kid]
        said = {"kid": kid, **(headers or {})}
        said = {name: value for name, value in said.items() if value is not None}
        return jwt.encode(claims, private, algorithm or known_as, said)


def new_key(algorithm):
    if algorithm == "EdDSA":
        return ed25519.Ed25519PrivateKey.generate()
    if algorithm.startswith("ES"):
        curves = {"ES256": ec.SECP256R1, "ES384": ec.SECP384R1, "ES512": ec.SECP521R1}
        return ec.generate_private_key(curves[algorithm]())
    return rsa.generate_private_key(65_537, 2_048)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    state: State

    def setup(self):
        super().setup()
        self.state.connections["all"] += 1
        self.state.open.add(self.connection)

    def finish(self):
        self.state.open.discard(self.connection)
        super().finish()

    def log_message(self, *_):
        """Say nothing: what matters is counted."""

    def do_GET(self):
        path = self.path.partition("?")[0]
        self.state.requests[path] += 1
        behaviour = self.state.behaviour.get(path)
        if behaviour is None:
            self.behave(path)
        else:
            getattr(self, "do_" + behaviour.replace("-", "_"))()

    def behave(self, path):
        if path in self.state.documents:
            self.answer(self.state.documents[path])
        elif path == "/.well-known/openid-configuration":
            issuer = self.state.discovered_issuer or self.origin
            self.answer({"issuer": issuer, "jwks_uri": self.state.jwks_uri or f"{issuer}/keys"})
        elif path == "/keys":
            self.answer({"keys": self.state.published()})
        elif path == "/token":
            self.answer(self.token())
        elif path == "/userinfo":
            self.userinfo()
        else:
            self.answer({}, 404)

    def userinfo(self):
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        claims = self.state.users.get(token)
        status = self.state.status.get("/userinfo", 200 if claims is not None else 401)
        self.answer(claims if scheme == "Bearer" and claims is not None else {}, status)

    def token(self):
        """Return a token for ``?sub=…&groups=…,…``, to try the service by hand."""
        asked = parse_qs(self.path.partition("?")[2])
        groups = [group for part in asked.get("groups", []) for group in part.split(",")]
        said = {"sub": asked["sub"][0], "caluma_groups": groups}
        life = {"iss": self.origin, "aud": "workflow", "exp": int(time.time()) + 3_600}
        return self.state.sign({**said, **life}).encode()

    @property
    def origin(self):
        host, port = self.server.server_address[:2]
        scheme = "https" if isinstance(self.connection, ssl.SSLSocket) else "http"
        return f"{scheme}://{host}:{port}"

    def answer(self, value, status=200):
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        done = getattr(self, "control_" + asked.pop("do"))(**asked)
        self.answer({"done": done})

    # What a test may ask for.

    def control_reset(self):
        self.state.held.set()
        self.state.reset()

    def control_sign(self, **asked):
        return self.state.sign(**asked)

    def control_rotate(self, **asked):
        self.state.rotate(**asked)

    def control_behave(self, path, behaviour):
        self.state.behaviour[path] = behaviour
        if behaviour is None:
            self.state.held.set()
            self.state.held = threading.Event()

    def control_set(self, **values):
        for name, value in values.items():
            setattr(self.state, name, value)

    def control_close_connections(self):
        """Close those that wait for a next request; return when the peers can know it."""
        for other in self.state.open - {self.connection}:
            other.shutdown(socket.SHUT_RDWR)

    def control_counts(self):
        return {**self.state.requests, "connections": self.state.connections["all"]}

    # How a path may misbehave.

    def do_silent(self):
        """Answer as usual, but not before a test lets it."""
        self.state.held.wait(300)
        with suppress(OSError):
            self.behave(self.path)

    def drip(self, data):
        """Send it byte by byte, one each twentieth of a second: a minute and more."""
        held = self.state.held
        with suppress(OSError):
            for number in range(len(data)):
                self.wfile.write(data[number : number + 1])
                if held.wait(0.05):
                    break
        self.close_connection = True

    def do_drip_headers(self):
        self.drip(b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 5_000)

    def do_drip_body(self):
        body = b'{"sub": "' + b"x" * 5_000
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        self.drip(body)

    def endless(self, head, line):
        held = self.state.held
        with suppress(OSError):
            self.wfile.write(head)
            while not held.is_set():
                self.wfile.write(line)
        self.close_connection = True

    def do_endless_body(self):
        self.endless(b'HTTP/1.1 200 OK\r\n\r\n{"sub": "', b"x" * 4_096)

    def do_endless_headers(self):
        self.endless(b"HTTP/1.1 200 OK\r\n", b"X-More: yes\r\n")

    def do_truncated(self):
        self.wfile.write(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"sub": "ann"}')
        self.close_connection = True

    def do_garbage(self):
        self.wfile.write(os.urandom(64).replace(b"\n", b"") + b"\r\n\r\n")
        self.close_connection = True

    def do_reset(self):
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.connection.close()
        self.rfile.close()
        self.wfile = open(os.devnull, "wb")  # noqa: SIM115 (closed by the handler's end)
        self.close_connection = True

    def do_chunks(self):
        self.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for part in (b'{"sub":', b' "ann"}', b""):
            self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))

    def do_not_json(self):
        self.answer(b"<html>Sign in</html>")

    def do_array(self):
        self.answer([{"sub": "ann"}])

    def do_nested(self):
        self.answer(b'{"sub":' * 100_000)

    def do_redirect(self):
        self.send_response(302)
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_error(self):
        self.answer({"error": "broken"}, 500)


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.auth.provider")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--certificate", help="a file with certificate and key: speak TLS")
    options = parser.parse_args()
    Handler.state = State()
    server = ThreadingHTTPServer(("127.0.0.1", options.port), Handler)
    server.daemon_threads = True
    scheme = "http"
    if options.certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        scheme = "https"
    print(f"Provider at {scheme}://127.0.0.1:{server.server_address[1]}", flush=True)  # noqa: T201
    server.serve_forever()


if __name__ == "__main__":
    main()
