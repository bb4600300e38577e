"""The requests of how-to/translate-names.md are answered as the page says."""

import json
import re

from django.conf import settings
from django.test import override_settings
from django.utils import translation

from tests.project.processes import ROOT
from workflow_events.cli.example import load_example

PAGE = ROOT / "docs" / "how-to" / "translate-names.md"
REQUEST = re.compile(
    r"^```graphql\n# (Accept-Language): (.*?)\n(.*?)^```\n\n```json\n(.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


def test_the_api_answers_as_the_page_says(client, db):
    found = REQUEST.findall(PAGE.read_text(encoding="utf-8"))
    assert len(found) == 2
    load_example()
    languages = [(code, code) for code in ("en", "de", "fr")]
    middleware = [*settings.MIDDLEWARE, "workflow_events.graphql.languages.LanguageMiddleware"]
    with override_settings(LANGUAGES=languages, MIDDLEWARE=middleware), translation.override("en"):
        for header, wanted, document, answer in found:
            response = client.post(
                "/graphql", document, content_type="application/graphql", headers={header: wanted}
            )
            assert response.json() == json.loads(answer)
