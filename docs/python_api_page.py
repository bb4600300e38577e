"""The page of the Python API: signatures and docstrings of its functions and classes."""

import ast
import inspect
import textwrap
from collections.abc import Callable
from typing import Any

from docs.sections import prose, with_sections
from workflow_events import events
from workflow_events.workflow import api

LINE_LENGTH = 88
EVENT_FUNCTIONS: tuple[Callable[..., Any], ...] = (
    events.on,
    events.off,
    events.filter_events,
    events.emit,
    events.aemit,
    events.declare_event,
    events.signal_to_event,
    events.traced,
    events.dry_run,
    events.explained,
)


def python_api_page() -> str:
    """Return the page, its sections generated."""
    return with_sections(
        "python-api.md",
        {
            "operations": "\n\n".join(_function(getattr(api, name)) for name in _in_file(api)),
            "events": "\n\n".join(map(_function, EVENT_FUNCTIONS)),
        },
    )


def _in_file(module: Any) -> list[str]:
    """Return the public names in the order in which they are defined."""
    return sorted(module.__all__, key=lambda name: getattr(module, name).__code__.co_firstlineno)


def _function(function: Callable[..., Any]) -> str:
    return f"### {function.__name__}\n\n```text\n{signature(function)}\n```\n\n{prose(function)}"


def signature(function: Callable[..., Any]) -> str:
    """Return the signature as it is written, one argument a line where it is long."""
    (node,) = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    arguments = ast.unparse(node.args)
    assert node.returns is not None, function
    returns = ast.unparse(node.returns)
    name = f"{'async ' * isinstance(node, ast.AsyncFunctionDef)}{node.name}"
    decorators = "".join(f"@{ast.unparse(decorator)}\n" for decorator in node.decorator_list)
    line = f"{name}({arguments}) -> {returns}"
    if len(line) <= LINE_LENGTH:
        return f"{decorators}{line}"
    inner = "".join(f"    {argument},\n" for argument in _arguments(node.args))
    return f"{decorators}{name}(\n{inner}) -> {returns}"


def _arguments(arguments: ast.arguments) -> list[str]:
    """Return each argument with its annotation and default; a marker counts as one."""
    plain = [*arguments.posonlyargs, *arguments.args]
    defaults: list[ast.expr | None] = [None] * (len(plain) - len(arguments.defaults))
    found = [
        _argument(argument, default)
        for argument, default in zip(plain, [*defaults, *arguments.defaults], strict=True)
    ]
    if arguments.posonlyargs:
        found.insert(len(arguments.posonlyargs), "/")
    if arguments.kwonlyargs:
        found.append("*")
    found += [
        _argument(argument, default)
        for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    ]
    if arguments.kwarg is not None:
        found.append(f"**{_argument(arguments.kwarg, None)}")
    return found


def _argument(argument: ast.arg, default: ast.expr | None) -> str:
    text = argument.arg
    if argument.annotation is not None:
        text += f": {ast.unparse(argument.annotation)}"
    return text if default is None else f"{text} = {ast.unparse(default)}"
