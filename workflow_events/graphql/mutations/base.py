"""The base of all mutations: a mutation is a declaration of members, an operation and a result."""

import inspect
from typing import Any, ClassVar

import graphene
from django.db.models import Model
from graphene.utils.str_converters import to_camel_case
from graphql import GraphQLResolveInfo

from workflow_events.graphql.fields import Returned
from workflow_events.graphql.mutations.members import Member, Null
from workflow_events.graphql.selection import forget_loaded
from workflow_events.graphql.types.node import Node
from workflow_events.workflow.errors import InvalidInput
from workflow_events.workflow.senders import register_sender
from workflow_events.workflow.transitions import CREATIONS, events_of
from workflow_events.workflow.users import AnonymousUser, User

Members = dict[str, Member[Any]]


class Mutation:
    """The root of all mutations, and the senders of the events that they emit.

    A concrete subclass declares ``members`` (its input), ``returns`` (the member of its payload
    and the type of that), and `perform`. A ``verb`` makes it the sender of the events of that
    operation of the workflow, ``target`` names the member with the object to change. The class
    keyword ``abstract=True`` marks a mere parent.
    """

    verb: ClassVar[str | None] = None
    target: ClassVar[str | None] = None
    """The member that names the object to change, if there is one."""
    members: ClassVar[Members]
    returns: ClassVar[tuple[str, type[Node]]]
    input_type: ClassVar[type[graphene.InputObjectType]]
    payload_type: ClassVar[type[graphene.ObjectType]]

    def __init_subclass__(cls, abstract: bool = False) -> None:
        if abstract:
            return
        cls.input_type = _input_type(cls)
        cls.payload_type = _payload_type(cls)
        verb = cls.__dict__.get("verb")
        if verb is not None:
            register_sender(verb, cls)

    @classmethod
    def perform(cls, data: dict[str, Any], user: User) -> Model:
        """Do it, as one transaction, and return the object for the payload.

        ``data`` holds the parsed members under their names in Python; what was omitted is absent.
        """
        raise NotImplementedError

    @classmethod
    def resolve(
        cls,
        _root: Any,
        info: GraphQLResolveInfo,
        input: dict[str, Any],  # noqa: A002 (the argument's name in the API)
    ) -> dict[str, Any]:
        """Parse the input, perform, and return the payload."""
        forget_loaded(info)
        data = cls.parse(input)
        user = getattr(info.context, "user", None) or AnonymousUser()
        result = cls.perform(data, user)
        return {
            cls.returns[0]: result,
            "client_mutation_id": input.get("client_mutation_id"),
        }

    @classmethod
    def parse(cls, given: dict[str, Any]) -> dict[str, Any]:
        """Return the values of the members that were given; `InvalidInput` for a wrong one."""
        data = {}
        for key, member in cls.members.items():
            if key not in given:
                continue
            value = given[key]
            if value is not None:
                data[key] = member.parse(value, to_camel_case(key))
            elif member.null is Null.KEPT:
                data[key] = None
            elif member.null is Null.REFUSED:
                raise InvalidInput(f'"{to_camel_case(key)}" may not be null; leave it out.')
        return data

    @classmethod
    def field(cls) -> graphene.Field:
        """Return the field of the root type."""
        argument = graphene.Argument(
            cls.input_type, required=True, description="What the mutation needs."
        )
        return graphene.Field(
            cls.payload_type,
            args={"input": argument},
            resolver=cls.resolve,
            # Python 3.13 dedents docstrings, older ones do not.
            description=f"{inspect.cleandoc(cls.__doc__ or '')}\n\n{cls.emits()}",
        )

    @classmethod
    def emits(cls) -> str:
        """Say which events it emits, in the order in which each kind first comes."""
        if cls.verb is None:
            return "Emits nothing."
        names = ", ".join(f"`{event.event_name}`" for event in events_of(cls.verb))
        if cls.target is not None and cls.verb in CREATIONS:
            return f"Emits {names} when it creates; changing what exists emits nothing."
        return f"Emits {names}."


def given(data: dict[str, Any], *names: str) -> dict[str, Any]:
    """Return these members, as far as they were given."""
    return {name: data[name] for name in names if name in data}


def _input_type(mutation: type[Mutation]) -> type[graphene.InputObjectType]:
    name = f"{mutation.__name__}Input"
    fields: dict[str, Any] = {key: member.field() for key, member in mutation.members.items()}
    fields["client_mutation_id"] = graphene.InputField(
        graphene.String, description="Comes back in the payload."
    )
    description = f"The input of {to_camel_case(mutation.__name__)}."
    meta = type("Meta", (), {"name": name, "description": description, "container": dict})
    return type(name, (graphene.InputObjectType,), {**fields, "Meta": meta})


def _payload_type(mutation: type[Mutation]) -> type[graphene.ObjectType]:
    name = f"{mutation.__name__}Payload"
    result, node_type = mutation.returns
    fields = {
        result: Returned(node_type, description="The object as it is now."),
        "client_mutation_id": graphene.String(description="As it was given."),
    }
    meta = type("Meta", (), {"name": name, "description": f"What {mutation.__name__} returns."})
    return type(name, (graphene.ObjectType,), {**fields, "Meta": meta})
