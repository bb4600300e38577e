"""The GraphQL API: types, connections, filters and mutations. Thin: it asks the domain."""
