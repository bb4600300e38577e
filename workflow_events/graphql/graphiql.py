"""GraphiQL, the page to try queries on; shown to browsers in development only.

Its editor for headers, below the query, is where a token goes: ``{"Authorization": "Bearer …"}``.
"""

from django.http import HttpRequest

SOURCE = "https://unpkg.com"
"""Where the browser loads the page's scripts from; the service itself has none of them.

The browser runs them only if they are the files of these versions (``integrity``).
"""

PAGE = """<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <title>GraphiQL</title>
  <style>html, body, #graphiql { height: 100%; margin: 0 }</style>
  <link rel="stylesheet" crossorigin href="SOURCE/graphiql@3.8.3/graphiql.min.css"
    integrity="sha384-Mq3vbRBY71jfjQAt/DcjxUIYY33ksal4cgdRt9U/hNPvHBCaT2JfJ/PTRiPKf0aM">
</head>
<body>
  <div id="graphiql">Loading GraphiQL from SOURCE …</div>
  <script crossorigin src="SOURCE/react@18.3.1/umd/react.production.min.js"
    integrity="sha384-DGyLxAyjq0f9SPpVevD6IgztCFlnMF6oW/XQGmfe+IsZ8TqEiDrcHkMLKI6fiB/Z"></script>
  <script crossorigin src="SOURCE/react-dom@18.3.1/umd/react-dom.production.min.js"
    integrity="sha384-gTGxhz21lVGYNMcdJOyq01Edg0jhn/c22nsx0kyqP0TxaV5WVdsSH1fSDUf5YJj1"></script>
  <script crossorigin src="SOURCE/graphiql@3.8.3/graphiql.min.js"
    integrity="sha384-HbRVEFG0JGJZeAHCJ9Xm2+tpknBQ7QZmNlO/DgZtkZ0aJSypT96YYGRNod99l9Ie"></script>
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
