"""What a deployment adds to the service."""

import importlib.util

from workflow_events.environment.reading import variables

variables.section("Your code", guide="how-to/write-a-receiver.md")
EVENT_RECEIVER_MODULES = variables.items(
    "EVENT_RECEIVER_MODULES",
    default="extensions.*" if importlib.util.find_spec("extensions") else "",
    shown="`extensions.*` where a package `extensions` can be imported",
    effect="The modules of receivers, imported in this order; `package.*` is every module of the "
    "package by name. Empty: none.",
)
EVENT_MAX_DEPTH = variables.integer(
    "EVENT_MAX_DEPTH",
    default=64,
    minimum=1,
    maximum=100,  # each level needs its share of the thread's stack
    effect="How deep receivers may call operations that call receivers, before "
    "`EVENT_DEPTH_EXCEEDED` ends it.",
)
DYNAMIC_TASKS_CLASSES = variables.items(
    "DYNAMIC_TASKS_CLASSES",
    effect="Dotted paths of classes with dynamic tasks; the first that knows a name wins.",
)
DYNAMIC_GROUPS_CLASSES = variables.items(
    "DYNAMIC_GROUPS_CLASSES",
    effect="Dotted paths of classes with dynamic groups; the first that knows a name wins.",
)
