"""schema.graphql is what the code says."""

from pathlib import Path

from graphql import print_schema

from workflow_events.graphql.schema import schema

FILE = Path(__file__).parents[2] / "schema.graphql"


def test_the_file_is_the_schema():
    assert FILE.read_text() == print_schema(schema.graphql_schema) + "\n", "run: make docs"
