"""``python -m workflow_events.graphql > schema.graphql`` prints the schema."""

import os
import sys

import django
from graphql import print_schema


def main() -> None:
    """Print the schema in GraphQL's schema language."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "workflow_events.settings")
    os.environ.setdefault("ENV", "dev")  # The schema depends on no setting.
    django.setup()
    from workflow_events.graphql.schema import schema  # noqa: PLC0415 (needs the models)

    sys.stdout.write(print_schema(schema.graphql_schema) + "\n")


if __name__ == "__main__":
    main()
