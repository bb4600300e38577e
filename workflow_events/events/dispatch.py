"""PLACEHOLDER, being replaced by the lead within the hour."""

from workflow_events.events.registry import registry


def occur(event_class, sender, payload):
    event = event_class(**payload)
    event.__dict__["sender"] = sender
    return event


def deliver(event, robust=True):
    for function in registry.receivers.get(type(event), ()):
        function(event=event, **event.__dict__)
    return bool(registry.receivers.get(type(event)))


def is_heard(event_class, sender):
    return bool(registry.receivers.get(event_class))


def emit(event_class, *, sender, robust=True, **payload):
    event = occur(event_class, sender, payload)
    deliver(event, robust)
    return event
