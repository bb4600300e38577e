"""The base of all mutations: a mutation is a declaration of members, an operation and a result."""

import inspect
from collections.abc import Callable
from copy import deepcopy
from typing import Any, ClassVar

import graphene
from django.db.models import Model
from graphene.utils.str_converters import to_camel_case
from graphql import GraphQLResolveInfo
from graphql.execution.values import get_argument_values

from workflow_events.access import policy
from workflow_events.access.policy import Chains
from workflow_events.graphql import dry_runs
from workflow_events.graphql.fields import Returned
from workflow_events.graphql.loaded import forget_loaded
from workflow_events.graphql.mutations.lookups import look_up
from workflow_events.graphql.mutations.members import Context, Member, Meta, Null
from workflow_events.graphql.mutations.quiet import keeping_quiet
from workflow_events.graphql.scalars import GenericScalar
from workflow_events.graphql.types.node import Node
from workflow_events.workflow.errors import InvalidInput
from workflow_events.workflow.senders import register_sender
from workflow_events.workflow.transitions import CREATIONS, events_of
from workflow_events.workflow.users import User

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
        Where the input named objects, it holds them, or their keys.
        """
        raise NotImplementedError

    @classmethod
    def governed_by(cls, given: dict[str, Any]) -> Chains:
        """Return whose permissions and validations hold: this class and its parents, in order.

        Takes the input. A mutation that is another one at times adds a chain for that.
        """
        return (cls.__mro__,)

    @classmethod
    def get_params(cls, info: GraphQLResolveInfo) -> dict[str, Any]:
        """Return the arguments of the mutation's field, ``{"input": {...}}``, as a copy.

        In a dry run, ``"dry_run": True`` as well.

        Takes the ``info`` that access classes get. Keys are in snake_case, ``meta`` and ``context``
        what their JSON says, other values as they were sent, whether inline or as variables; of
        several aliases it is the current one. Raises `InvalidInput` for broken JSON.
        """
        field = info.parent_type.fields[info.field_name]
        params = deepcopy(get_argument_values(field, info.field_nodes[0], info.variable_values))
        sent = params["input"]
        for key, member in cls.members.items():
            if isinstance(member, Meta | Context) and sent.get(key) is not None:
                sent[key] = member.parse(sent[key], to_camel_case(key))
        return params

    @classmethod
    def resolve(
        cls,
        _root: Any,
        info: GraphQLResolveInfo,
        input: dict[str, Any],  # noqa: A002 (the argument's name in the API)
        dry_run: bool | None = False,
    ) -> dict[str, Any]:
        """Let the input pass all checks, perform, and return the payload (facts 1.1).

        Permission of the class, and of the dry run; parsing, objects that the user may see,
        permission of the target, validation classes, operation.
        """
        forget_loaded(info)
        chains = cls.governed_by(input)
        in_force = policy.current()
        in_force.check_permission(chains, cls, info)
        if dry_run is None:  # who says so may have meant a dry run
            raise InvalidInput('"dryRun" may not be null; leave it out.')
        if dry_run:
            in_force.check_granted(DryRun, cls, info)
            dry_runs.begin()
        data = cls.parse(input)
        target = look_up(cls.members, cls.target, data, chains, info)
        if target is not None:
            in_force.check_object_permission(chains, cls, info, target)
        data = in_force.validate(chains, cls, data, info)
        with keeping_quiet(info):
            result = cls.perform(data, info.context.user)
        forget_loaded(info)
        return {
            cls.returns[0]: result,
            "client_mutation_id": input.get("client_mutation_id"),
            "explanation": dry_runs.explanation if dry_run else None,
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
            args={"input": argument, "dry_run": _dry_run_argument()},
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


class DryRun(Mutation, abstract=True):
    """No mutation: what permissions are asked with when one is to be run dry.

    Nobody may, unless a permission class has a method for this very class; it is called with the
    mutation that is to be run.
    """


def given(data: dict[str, Any], *names: str) -> dict[str, Any]:
    """Return these members, as far as they were given."""
    return {name: data[name] for name in names if name in data}


def _dry_run_argument() -> graphene.Argument:
    return graphene.Argument(
        graphene.Boolean,
        description="Do it, answer and undo it: nothing is stored, sent or delivered. Needs a "
        "permission of its own.",
    )


def _input_type(mutation: type[Mutation]) -> type[graphene.InputObjectType]:
    name = f"{mutation.__name__}Input"
    fields: dict[str, Any] = {key: member.field() for key, member in mutation.members.items()}
    fields["client_mutation_id"] = graphene.InputField(
        graphene.String, description="Comes back in the payload."
    )
    description = f"The input of {to_camel_case(mutation.__name__)}."
    meta = type("Meta", (), {"name": name, "description": description, "container": dict})
    return type(name, (graphene.InputObjectType,), {**fields, "Meta": meta})


def _explain(payload: dict[str, Any], _info: GraphQLResolveInfo) -> dict[str, Any] | None:
    explanation: Callable[[], dict[str, Any]] | None = payload["explanation"]
    return None if explanation is None else explanation()


def _payload_type(mutation: type[Mutation]) -> type[graphene.ObjectType]:
    name = f"{mutation.__name__}Payload"
    result, node_type = mutation.returns
    fields = {
        result: Returned(node_type, description="The object as it is now."),
        "client_mutation_id": graphene.String(description="As it was given."),
        "explanation": graphene.Field(
            GenericScalar,
            description="Of a dry run: the events, and what became of each of their receivers.",
            resolver=_explain,
        ),
    }
    meta = type("Meta", (), {"name": name, "description": f"What {mutation.__name__} returns."})
    return type(name, (graphene.ObjectType,), {**fields, "Meta": meta})
