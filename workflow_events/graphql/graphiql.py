"""GraphiQL, the page to try queries on; shown to browsers in development only."""

from django.http import HttpRequest

PAGE = """<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <title>GraphiQL</title>
  <style>html, body, #graphiql { height: 100%; margin: 0 }</style>
  <link rel="stylesheet" href="https://unpkg.com/graphiql@3.8.3/graphiql.min.css">
</head>
<body>
  <div id="graphiql">Loading from unpkg.com …</div>
  <script crossorigin src="https://unpkg.com/react@18.3.1/umd/react.production.min.js"></script>
  <script crossorigin src="https://unpkg.com/react-dom@18.3.1/umd/react-dom.production.min.js">
  </script>
  <script crossorigin src="https://unpkg.com/graphiql@3.8.3/graphiql.min.js"></script>
  <script>
    const fetcher = GraphiQL.createFetcher({ url: window.location.pathname });
    ReactDOM.createRoot(document.getElementById("graphiql"))
      .render(React.createElement(GraphiQL, { fetcher }));
  </script>
</body>
</html>
"""


def wants_page(request: HttpRequest) -> bool:
    """Whether a browser asks for a page, and not a client for an answer."""
    return (
        request.method == "GET"
        and "query" not in request.GET
        and "raw" not in request.GET
        and request.get_preferred_type(["application/json", "text/html"]) == "text/html"
    )
