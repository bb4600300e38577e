"""LANGUAGE_CODE and LANGUAGES: what they may be, and errors that begin with the name."""

import pytest
from django.conf.locale import LANG_INFO
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import check_for_language

from workflow_events.configuration import Variables


@pytest.fixture(autouse=True)
def _empty_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def configured(**environment: str) -> list[str]:
    variables = Variables(environment)
    code = variables.language("LANGUAGE_CODE", default="en", effect="")
    return [code for code, _ in variables.languages("LANGUAGES", including=code, effect="")]


@pytest.mark.parametrize(
    ("environment", "codes"),
    [
        ({}, ["en"]),
        ({"LANGUAGE_CODE": "de-ch"}, ["de-ch"]),
        ({"LANGUAGES": ""}, ["en"]),
        ({"LANGUAGES": "en"}, ["en"]),
        ({"LANGUAGES": "de, EN, de, fr-CH"}, ["de", "en", "fr-ch"]),
        ({"LANGUAGE_CODE": "zh-Hans", "LANGUAGES": '["zh-hans", "en-gb"]'}, ["zh-hans", "en-gb"]),
    ],
)
def test_the_languages_of_a_deployment(environment: dict[str, str], codes: list[str]) -> None:
    assert configured(**environment) == codes


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"LANGUAGE_CODE": ""}, "LANGUAGE_CODE: '' is no language code"),
        ({"LANGUAGE_CODE": "german"}, "LANGUAGE_CODE: 'german' is no language code"),
        ({"LANGUAGE_CODE": "xx"}, "LANGUAGE_CODE: Django knows no language 'xx'"),
        ({"LANGUAGES": "de"}, "LANGUAGES: LANGUAGE_CODE, en, is missing"),
        ({"LANGUAGES": "en, de_CH"}, "LANGUAGES: 'de_CH' is no language code"),
        ({"LANGUAGES": "en, tlh"}, "LANGUAGES: Django knows no language 'tlh'"),
        ({"LANGUAGES": "en, zh-cn"}, "LANGUAGES: Django knows no language 'zh-cn'"),
        ({"LANGUAGES": '["en"'}, "LANGUAGES: '[\"en\"' is not valid JSON"),
    ],
)
def test_a_bad_language_is_refused_by_setting(environment: dict[str, str], message: str) -> None:
    with pytest.raises(ImproperlyConfigured) as refused:
        configured(**environment)
    assert str(refused.value).startswith(message)


@pytest.mark.parametrize("code", sorted(LANG_INFO))
def test_every_language_that_can_be_chosen_is_accepted_and_no_other(code: str) -> None:
    if check_for_language(code):
        assert configured(LANGUAGE_CODE=code) == [code]
    else:
        with pytest.raises(ImproperlyConfigured, match="LANGUAGE_CODE: Django knows no language"):
            configured(LANGUAGE_CODE=code)
