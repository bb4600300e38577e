"""PLACEHOLDER, being replaced by the lead within the hour."""


class Event:
    def __init_subclass__(cls, senders=None, **kw):
        super().__init_subclass__(**kw)
        cls.senders = senders

    def __init__(self, **payload):
        self.__dict__.update(payload)
