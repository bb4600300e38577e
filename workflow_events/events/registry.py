"""PLACEHOLDER, being replaced by the lead within the hour."""

from contextlib import contextmanager


class Registry:
    def __init__(self):
        self.receivers = {}

    @contextmanager
    def scoped(self):
        saved = {k: list(v) for k, v in self.receivers.items()}
        try:
            yield self
        finally:
            self.receivers = saved


registry = Registry()


def on(targets, **options):
    def decorate(function):
        for t in targets if isinstance(targets, list) else [targets]:
            registry.receivers.setdefault(t, []).append(function)
        return function

    return decorate
