"""Who may do what, who sees what, and what is changed on the way in: a deployment's own classes.

`workflow_events.access.permissions`, `.visibilities` and `.validations` hold the bases, the
decorators and the ready-made classes; `.policy` applies those that are in force.
"""
