"""Prints the GraphQL schema."""

import sys

from graphql import print_schema as to_sdl

from workflow_events.graphql.schema import schema


def print_schema() -> None:
    """Print the schema in GraphQL's definition language, to standard output."""
    sys.stdout.write(to_sdl(schema.graphql_schema).rstrip() + "\n")
