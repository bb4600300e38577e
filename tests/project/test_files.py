"""The files of the set-up: locks, container, compose."""

import itertools
import re
import subprocess
import tomllib

import pytest
import yaml
from gunicorn.config import GracefulTimeout

from tests.project.processes import ROOT

LOCKS = ("requirements.lock", "requirements-dev.lock")


def locked(name):
    """Return the requirements of a lock file as name → the text of its entries."""
    text = (ROOT / name).read_text().replace("\\\n", "")
    entries = {}
    for line in text.splitlines():
        package = re.match(r"([a-z0-9-]+)==", line)
        assert package, line
        entries.setdefault(package[1], []).append(line)
    return entries


@pytest.mark.parametrize("name", LOCKS)
def test_every_locked_requirement_has_a_hash_and_no_address(name):
    for lines in locked(name).values():
        for line in lines:
            assert "--hash=sha256:" in line
            assert "://" not in line


def test_the_development_lock_holds_all_of_the_other():
    assert locked("requirements.lock").items() <= locked("requirements-dev.lock").items()


def test_the_locks_are_exported_from_the_lock_of_uv():
    packages = tomllib.loads((ROOT / "uv.lock").read_text())["package"]
    versions = {(package["name"], package.get("version")) for package in packages}
    for name in LOCKS:
        for package, lines in locked(name).items():
            for line in lines:
                assert (package, re.search(r"==([^ ;]+)", line)[1]) in versions


def test_the_lock_of_uv_names_public_indexes_only():
    hosts = set(re.findall(r'"(https?://[^/"]+|file:)', (ROOT / "uv.lock").read_text()))
    assert hosts == {"https://pypi.org", "https://files.pythonhosted.org"}


def test_every_requirement_is_locked():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    extras = project["project"]["optional-dependencies"].values()
    wanted = itertools.chain(project["project"]["dependencies"], *extras)
    names = {re.match(r"[A-Za-z0-9-]+", requirement)[0] for requirement in wanted}
    assert names <= locked("requirements.lock").keys()
    names = {re.match(r"[A-Za-z0-9-]+", r)[0] for r in project["dependency-groups"]["dev"]}
    assert names <= locked("requirements-dev.lock").keys()


def test_the_oldest_and_the_newest_django_are_locked():
    entries = locked("requirements.lock")["django"]
    assert sorted(re.match(r"django==(\d+\.\d+)", entry)[1] for entry in entries) == ["5.2", "6.1"]


def test_the_service_waits_for_a_healthy_database_and_needs_what_has_no_default():
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    assert set(services) == {"database", "service", "worker"}
    assert "pg_isready" in services["database"]["healthcheck"]["test"][1]
    service = services["service"]
    assert service["depends_on"] == {"database": {"condition": "service_healthy"}}
    for name in ("SECRET_KEY", "PERMISSION_CLASSES", "VISIBILITY_CLASSES"):
        assert service["environment"][name].startswith(f"${{{name}:?")
    database = services["database"]["environment"]
    assert service["environment"]["DATABASE_URL"] == (
        f"postgres://{database['POSTGRES_USER']}:{database['POSTGRES_PASSWORD']}"
        f"@database:5432/{database['POSTGRES_DB']}"
    )
    # The health check of the image asks localhost.
    assert "localhost" in service["environment"]["ALLOWED_HOSTS"]


def test_containers_are_stopped_when_their_requests_are_answered():
    service = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]["service"]
    assert int(service["stop_grace_period"].removesuffix("s")) > GracefulTimeout.default


def test_the_worker_has_the_settings_of_the_service_and_time_to_stop():
    from workflow_events.settings import variables

    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    service, worker = services["service"], services["worker"]
    assert worker["command"] == ["workflow-events", "worker"]
    assert worker["depends_on"] == {"service": {"condition": "service_healthy"}}
    assert worker["environment"] == service["environment"]
    assert worker["volumes"] == service["volumes"]
    assert worker["healthcheck"] == {"disable": True}
    [grace] = [int(row.default.strip("`")) for row in variables.table if row.name == "WORKER_GRACE"]
    assert int(worker["stop_grace_period"].removesuffix("s")) > grace


def test_compose_passes_every_setting_on_that_is_not_its_own():
    from workflow_events.settings import variables

    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    passed = compose["services"]["service"]["environment"]
    own = {"ENV", "ENV_FILE", "DEBUG", "HOST", "PORT", "SQLITE_TIMEOUT"}
    assert passed.keys() == {row.name for row in variables.table} - own
    # Without a value, it is that of the shell; what is not set there keeps its default.
    silent = {name for name, value in passed.items() if value is None}
    assert passed.keys() - silent == {
        "SECRET_KEY",
        "ALLOWED_HOSTS",
        "DATABASE_URL",
        "PERMISSION_CLASSES",
        "VISIBILITY_CLASSES",
        "EVENT_RECEIVER_MODULES",
    }


def test_the_image_runs_without_rights_and_checks_its_health():
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", "")
    instructions = [line.split(maxsplit=1) for line in text.splitlines() if line.strip()]
    names = [instruction[0] for instruction in instructions]
    assert "HEALTHCHECK" in names
    assert ["USER", "service"] in instructions
    assert names.index("USER") < names.index("CMD")
    copied = {
        source
        for name, rest in instructions
        if name == "COPY" and not rest.startswith("--from")
        for source in rest.split()[:-1]
    }
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    for source in copied:
        assert (ROOT / source).exists(), source
        assert f"!{source}" in ignored, source


def test_a_python_that_is_too_old_is_named(tmp_path):
    old = tmp_path / "python3"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo Python 3.9.2 && exit\nexit 1\n')
    old.chmod(0o755)
    ended = subprocess.run(
        [ROOT / ".ci/install", tmp_path / "venv", "requirements.lock", old],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 1
    assert ended.stdout == ""
    assert ended.stderr == f"Python 3.11 or newer is needed. Tried:\n  {old}: Python 3.9.2\n"
    assert not (tmp_path / "venv").exists()
