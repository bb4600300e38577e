"""The environment variables: reading, defaults, and errors that begin with the name."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from workflow_events.configuration import REQUIRED, Variables, imported


@pytest.fixture(autouse=True)
def _empty_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def integer(environment, **bounds):
    return Variables(environment).integer(
        "DEPTH", effect="", default=64, **{"minimum": 1, "maximum": 100, **bounds}
    )


def database(url):
    return Variables({"URL": url}).database("URL", effect="", default="sqlite:///x")


def items(raw):
    return Variables({"LIST": raw}).items("LIST", effect="", default="a.*")


def test_a_missing_variable_has_its_default():
    assert integer({}) == 64


def test_the_name_that_a_setting_has_elsewhere_is_refused_unless_it_has_its_own():
    caluma = {"DATABASE_HOST": "db", "DATABASE_NAME": "caluma"}
    with pytest.raises(
        ImproperlyConfigured, match=r"\ADATABASE_NAME: is not read here; set DATABASE_URL instead\Z"
    ):
        Variables(caluma).renamed("DATABASE_USER", "DATABASE_NAME", to="DATABASE_URL")
    Variables({**caluma, "DATABASE_URL": "sqlite:///x"}).renamed("DATABASE_NAME", to="DATABASE_URL")
    Variables({}).renamed("DATABASE_NAME", to="DATABASE_URL")


@pytest.mark.parametrize("raw", ["true", "1", "on", "per request"])
def test_a_variable_that_may_not_be_switched_on_is_refused_with_the_reason(raw):
    with pytest.raises(ImproperlyConfigured, match=r"\AB: would be wrong\Z"):
        Variables({"B": raw}).refused("A", "B", because="would be wrong")


@pytest.mark.parametrize("raw", ["", "false", "0", " Off "])
def test_a_variable_that_is_switched_off_is_not_refused(raw):
    Variables({"A": raw}).refused("A", "B", because="would be wrong")


@pytest.mark.parametrize("name", ["atomic_requests", "ATOMIC_REQUESTS", "atomic_mutations"])
def test_a_database_url_cannot_widen_transactions(name):
    with pytest.raises(ImproperlyConfigured, match=rf"\AURL: {name.lower()} would make several"):
        database(f"postgres://user:secret@db/name?{name}=true")
    config = database(f"postgres://db/name?{name}=false&sslmode=require")
    assert config["OPTIONS"] == {"sslmode": "require"}
    assert "ATOMIC_REQUESTS" not in config


def test_the_bounds_are_included():
    assert integer({"DEPTH": "1"}) == 1
    assert integer({"DEPTH": "100"}) == 100


@pytest.mark.parametrize("raw", ["", "0", "-1", "101", "many", "1.5"])
def test_a_bad_number_is_refused_by_name(raw):
    with pytest.raises(ImproperlyConfigured, match=r"\ADEPTH: "):
        integer({"DEPTH": raw})


@pytest.mark.parametrize("raw", ["a,b", " a , b ", "a,,b,", '["a", "b"]', ' [" a","b" , ""] '])
def test_a_list_is_written_with_commas_or_as_json(raw):
    assert items(raw) == ["a", "b"]


def test_a_list_of_names_of_http():
    assert Variables({"NAMES": "GET, x-a"}).tokens("NAMES", effect="", default="") == ["GET", "x-a"]


@pytest.mark.parametrize("raw", ["GET POST", "a\nb", "x-a:", "\xfc", '["a, b"]'])
def test_what_is_no_name_of_http_is_refused_by_name(raw):
    with pytest.raises(ImproperlyConfigured, match=r"\ANAMES: .* separate them by commas\Z"):
        Variables({"NAMES": raw}).tokens("NAMES", effect="", default="")


def test_an_empty_list_is_not_the_default():
    assert items("") == items(" , ") == items("[]") == []
    assert Variables({}).items("LIST", effect="", default="a.*") == ["a.*"]


@pytest.mark.parametrize("raw", ['["a"', "[1]", '[["a"]]'])
def test_a_bad_list_is_refused_by_name(raw):
    with pytest.raises(ImproperlyConfigured, match=r"\ALIST: "):
        items(raw)


@pytest.mark.parametrize(("raw", "expected"), [("true", True), ("1", True), ("OFF", False)])
def test_a_switch(raw, expected):
    switch = Variables({"SWITCH": raw}).switch("SWITCH", effect="", default=False, dev=True)
    assert switch is expected


def test_a_switch_that_is_neither_is_refused_by_name():
    with pytest.raises(ImproperlyConfigured, match=r"\ASWITCH: 'ture' is neither"):
        Variables({"SWITCH": "ture"}).switch("SWITCH", effect="", default=False, dev=True)


@pytest.mark.parametrize(
    ("url", "engine", "name"),
    [
        ("sqlite:///file.sqlite3", "sqlite3", "file.sqlite3"),
        ("sqlite:////tmp/file.sqlite3", "sqlite3", "/tmp/file.sqlite3"),
        ("sqlite:///:memory:", "sqlite3", ":memory:"),
        ("postgres://user@host:5432/name", "postgresql", "name"),
        ("postgresql://user:p%23ss@host/name", "postgresql", "name"),
    ],
)
def test_a_database(url, engine, name):
    config = database(url)
    assert config["ENGINE"] == f"django.db.backends.{engine}"
    assert config["NAME"] == name


@pytest.mark.parametrize(
    "url",
    [
        "",
        "nonsense",
        "mysql://u@h/x",
        "postgres://u:secret@h:x/n",
        "postgres://u:secret@h/",
        "postgres://u:sec#ret@h/n",
    ],
)
def test_a_bad_database_is_refused_by_name_and_without_its_password(url):
    with pytest.raises(ImproperlyConfigured, match=r"\AURL: ") as caught:
        database(url)
    assert "sec" not in str(caught.value)


def test_a_time_zone_that_does_not_exist_is_refused_by_name():
    with pytest.raises(ImproperlyConfigured, match=r"\AZONE: there is no time zone 'Mars/Base'"):
        Variables({"ZONE": "Mars/Base"}).time_zone("ZONE", effect="", default="UTC")


def test_an_unknown_environment_is_refused():
    with pytest.raises(ImproperlyConfigured, match=r"\AENV: 'staging' is not one of dev, prod"):
        Variables({"ENV": "staging"})


@pytest.mark.parametrize("given", [{}, {"SECRET_KEY": ""}])
def test_what_is_required_may_be_missing_in_development_only(given):
    def secret_key(env):
        variables = Variables({"ENV": env, **given})
        return variables.text("SECRET_KEY", effect="", default=REQUIRED, dev="dev only")

    assert secret_key("dev") == "dev only"
    with pytest.raises(ImproperlyConfigured, match=r"\ASECRET_KEY: must be set"):
        secret_key("production")


def test_a_value_that_begins_with_a_dollar_sign_is_taken_as_it_is():
    assert Variables({"KEY": "$HOME"}).text("KEY", effect="", default="") == "$HOME"


def test_the_file_is_read_and_the_environment_wins(tmp_path):
    (tmp_path / ".env").write_text("A=file\nB=file\n")
    environment = {"B": "environment"}
    variables = Variables(environment)
    assert variables.text("A", effect="", default="") == "file"
    assert variables.text("B", effect="", default="") == "environment"
    assert environment == {"B": "environment"}


def test_another_file_can_be_named(tmp_path):
    (tmp_path / "other").write_text("ENV=dev\n")
    assert Variables({"ENV_FILE": "other"}).env == "dev"


def test_a_file_that_is_named_must_exist():
    with pytest.raises(ImproperlyConfigured, match=r"\AENV_FILE: there is no file missing"):
        Variables({"ENV_FILE": "missing"})


def test_every_variable_is_declared_with_type_default_and_effect():
    from workflow_events.settings import variables

    names = [row.name for row in variables.table]
    assert len(names) == len(set(names))
    for row in variables.table:
        assert row.type, row
        assert row.default, row
        assert row.effect.endswith("."), row


@pytest.mark.parametrize("raised", ["ValueError('one\\n  two')", "SystemExit('one\\ntwo')"])
def test_what_fails_to_import_is_told_in_one_line(tmp_path, monkeypatch, raised):
    (tmp_path / "fails.py").write_text(f"raise {raised}\n")
    monkeypatch.syspath_prepend(tmp_path)
    kind = raised.partition("(")[0]
    with pytest.raises(ImproperlyConfigured) as refused:
        imported("CLASSES", "fails.Own")
    assert str(refused.value) == f"CLASSES: fails.Own: fails to import: {kind}: one two"
