"""Where the service answers."""

from django.urls import URLPattern, URLResolver, re_path

from workflow_events.graphql.view import GraphQLView

# Any path that contains the word, as clients know it under different prefixes (facts 1.1).
urlpatterns: list[URLPattern | URLResolver] = [
    re_path(r"graphql", GraphQLView.as_view(), name="graphql"),
]
