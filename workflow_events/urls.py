"""Where the service answers."""

urlpatterns: list[object] = []
