"""GraphiQL, the page to try queries on; shown to browsers in development only.

Its editor for headers, below the query, is where a token goes: ``{"Authorization": "Bearer …"}``.
"""

from django.http import HttpRequest

SOURCE = "https://unpkg.com"
"""Where the browser loads the page's scripts from; the service itself has none of them."""

PAGE = """<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <title>GraphiQL</title>
  <style>html, body, #graphiql { height: 100%; margin: 0 }</style>
  <link rel="stylesheet" href="SOURCE/graphiql@3.8.3/graphiql.min.css">
</head>
<body>
  <div id="graphiql">Loading GraphiQL from SOURCE …</div>
  <script crossorigin src="SOURCE/react@18.3.1/umd/react.production.min.js"></script>
  <script crossorigin src="SOURCE/react-dom@18.3.1/umd/react-dom.production.min.js"></script>
  <script crossorigin src="SOURCE/graphiql@3.8.3/graphiql.min.js"></script>
  <script>
    const place = document.getElementById("graphiql");
    if (typeof React === "undefined" || typeof ReactDOM === "undefined"
        || typeof GraphiQL === "undefined") {
      place.textContent = "GraphiQL cannot be loaded from SOURCE: is there a network? "
        + "The API itself works without it; send queries by POST to this address.";
    } else {
      const fetcher = GraphiQL.createFetcher({ url: window.location.pathname });
      ReactDOM.createRoot(place).render(React.createElement(GraphiQL, {
        fetcher, isHeadersEditorEnabled: true, shouldPersistHeaders: false,
      }));
    }
  </script>
</body>
</html>
""".replace("SOURCE", SOURCE)


def wants_page(request: HttpRequest) -> bool:
    """Whether a browser asks for a page, and not a client for an answer."""
    return (
        request.method == "GET"
        and "query" not in request.GET
        and "raw" not in request.GET
        and request.get_preferred_type(["application/json", "text/html"]) == "text/html"
    )
