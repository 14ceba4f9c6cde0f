"""A tree and its data → text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, cast

from watchkeeper.template.builtins import SHORT_CIRCUIT
from watchkeeper.template.failure import FunctionFailure, TemplateFailure
from watchkeeper.template.function import Function, converted
from watchkeeper.template.html import Escaper
from watchkeeper.template.printing import LONGEST, text_of
from watchkeeper.template.tree import (
    Action,
    Branch,
    Call,
    Chain,
    Command,
    Constant,
    Dot,
    Field,
    FunctionName,
    Leave,
    Node,
    Operand,
    Pipeline,
    Text,
    Variable,
)
from watchkeeper.template.value import Named, Struct, is_slice, missing, truth, type_name

_DEEPEST = 100
_CHARACTERS, _ITEMS = 8, 100
"""How many characters that a function takes or gives, and how many items that it gives, cost one step."""
_UNFORESEEN = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What a room's function raises where it was not made for a value."""


class _Nothing:
    """«No value came through the pipe», which nil is not."""


_NOTHING = _Nothing()


class _Break(Exception):  # control flow, no failure
    pass


class _Continue(Exception):  # control flow, no failure
    pass


class Evaluation:
    """One run of a template over its data.

    `place` tells line and column of an offset in a named body. With an `escaper` the text is HTML. `steps` bounds the
    work: each piece of the template and each call in it is one, and long texts and lists that calls handle are more.
    """

    def __init__(
        self,
        bodies: Mapping[str, tuple[Node, ...]],
        functions: Mapping[str, Function],
        place: Callable[[str, int], tuple[int, int]],
        steps: int,
        escaper: Escaper | None = None,
    ) -> None:
        self._escaper = escaper
        self._bodies = bodies
        self._functions = functions
        self._place = place
        self._out: list[str] = []
        self._length = 0
        self._steps = self._left = steps
        self._template = ""
        self._depth = 0
        self._scope: list[tuple[str, Any]] = []

    def run(self, name: str, data: Any) -> str:
        """The text of the template `name` over `data`. Raises TemplateFailure."""
        try:
            self._run_body(name, data)
        except RecursionError:
            raise TemplateFailure(self._template, 1, 1, "templates or values are nested too deeply") from None
        return "".join(self._out)

    def _run_body(self, name: str, data: Any) -> None:
        outer, scope = self._template, self._scope
        self._template, self._scope = name, [("$", data)]
        self._depth += 1
        self._walk_all(self._bodies[name], data)
        self._depth -= 1
        self._template, self._scope = outer, scope

    def _fail(self, node: Operand | Command | Call, message: str) -> TemplateFailure:
        line, column = self._place(self._template, node.at)
        text = node.name if isinstance(node, Call) else node.text
        shown = text if len(text) <= 20 else text[:20] + "..."
        return TemplateFailure(self._template, line, column, f'executing "{self._template}" at <{shown}>: {message}')

    def _write(self, text: str) -> None:
        self._length += len(text)
        if self._length > LONGEST:
            raise TemplateFailure(self._template, 1, 1, f"the text grows beyond {LONGEST} characters")
        self._out.append(text)

    def _spend(self, steps: int) -> None:
        self._left -= steps
        if self._left < 0:
            raise TemplateFailure(self._template, 1, 1, f"the template takes more than {self._steps} steps")

    # Nodes

    def _walk_all(self, nodes: Sequence[Node], dot: Any) -> None:
        for node in nodes:
            self._walk(node, dot)

    def _walk(self, node: Node, dot: Any) -> None:
        self._spend(1)
        match node:
            case Text():
                self._write(node.text if self._escaper is None else self._escaper.literal(node.text))
            case Action():
                value = self._pipeline(node.pipeline, dot)
                if not node.pipeline.variables:
                    self._write(self._shown(node.pipeline, value))
            case Branch():
                depth = len(self._scope)
                self._branch(node, dot)
                del self._scope[depth:]
            case Call():
                self._call_template(node, dot)
            case Leave():
                raise _Break if node.keyword == "break" else _Continue

    def _shown(self, node: Operand, value: Any) -> str:
        try:
            return text_of(value, nil="<no value>") if self._escaper is None else self._escaper.value(value)
        except FunctionFailure as why:
            raise self._fail(node, str(why)) from None

    def _branch(self, node: Branch, dot: Any) -> None:
        value = self._pipeline(node.pipeline, dot)
        if node.keyword == "range":
            self._range(node, value, dot)
        elif truth(value):
            self._walk_all(node.body, value if node.keyword == "with" else dot)
        else:
            self._walk_all(node.otherwise, dot)

    def _range(self, node: Branch, value: Any, dot: Any) -> None:
        depth = len(self._scope)
        empty = True
        for key, item in self._pairs(node, value):
            empty = False
            self._spend(1)
            try:
                self._bind_loop(node.pipeline, key, item)
                self._walk_all(node.body, item)
            except _Continue:
                continue
            except _Break:
                break
            finally:
                del self._scope[depth:]
        if empty:
            self._walk_all(node.otherwise, dot)

    def _pairs(self, node: Branch, value: Any) -> Iterable[tuple[Any, Any]]:
        if value is None:
            return ()
        if isinstance(value, int) and not isinstance(value, bool):
            if len(node.pipeline.variables) > 1:
                raise self._fail(node.pipeline, f"can't use {value} to iterate over more than one variable")
            return ((i, i) for i in range(value))
        if isinstance(value, Mapping):
            self._spend(len(value) // _CHARACTERS)
            return sorted(cast("Mapping[str, Any]", value).items())
        if is_slice(value):
            return enumerate(value)
        raise self._fail(node.pipeline, f"range can't iterate over {text_of(value)}")

    def _bind_loop(self, pipeline: Pipeline, key: Any, item: Any) -> None:
        values = [item] if len(pipeline.variables) == 1 else [key, item]
        for name, value in zip(pipeline.variables, values, strict=False):
            self._bind(pipeline, name, value)

    def _call_template(self, node: Call, dot: Any) -> None:
        if node.name not in self._bodies:
            raise self._fail(node, f'template "{node.name}" not defined')
        if self._depth >= _DEEPEST:
            raise self._fail(node, f"exceeded maximum template depth ({_DEEPEST})")
        self._run_body(node.name, None if node.pipeline is None else self._pipeline(node.pipeline, dot))

    # Variables

    def _at(self, node: Operand, name: str) -> int:
        for i in range(len(self._scope) - 1, -1, -1):
            if self._scope[i][0] == name:
                return i
        raise self._fail(node, f"undefined variable: {name}")

    def _lookup(self, node: Variable) -> Any:
        return self._scope[self._at(node, node.name)][1]

    def _bind(self, pipeline: Pipeline, name: str, value: Any) -> None:
        if pipeline.assigns:
            self._scope[self._at(pipeline, name)] = (name, value)
        else:
            self._scope.append((name, value))

    # Pipelines

    def _pipeline(self, pipeline: Pipeline, dot: Any) -> Any:
        value: Any = _NOTHING
        for command in pipeline.commands:
            value = self._command(command, dot, value)
        for name in pipeline.variables:
            self._bind(pipeline, name, value)
        return value

    def _command(self, command: Command, dot: Any, final: Any) -> Any:
        first, rest = command.arguments[0], command.arguments[1:]
        match first:
            case FunctionName():
                return self._function(command, first.name, rest, dot, final)
            case Field():
                return self._fields(first, dot, first.names, rest, dot, final)
            case Variable() if first.names:
                return self._fields(first, self._lookup(first), first.names, rest, dot, final)
            case Chain():
                return self._fields(first, self._operand(first.of, dot), first.names, rest, dot, final)
            case Constant(value=None):
                raise self._fail(first, "nil is not a command")
            case _:
                if rest or final is not _NOTHING:
                    raise self._fail(first, f"can't give argument to non-function {first.text}")
                return self._operand(first, dot)

    def _operand(self, node: Operand, dot: Any) -> Any:
        match node:
            case Constant():
                return node.value
            case Dot():
                return dot
            case Variable():
                value = self._lookup(node)
                return self._fields(node, value, node.names, (), dot, _NOTHING) if node.names else value
            case Field():
                return self._fields(node, dot, node.names, (), dot, _NOTHING)
            case Chain():
                return self._fields(node, self._operand(node.of, dot), node.names, (), dot, _NOTHING)
            case FunctionName():
                return self._function(node, node.name, (), dot, _NOTHING)
            case Pipeline():
                return self._pipeline(node, dot)

    def _fields(
        self, node: Operand, value: Any, names: Sequence[str], arguments: Sequence[Operand], dot: Any, final: Any
    ) -> Any:
        if value is None and not isinstance(node, Field):
            return None
        for name in names[:-1]:
            value = self._field(node, value, name, (), dot, _NOTHING)
        return self._field(node, value, names[-1], arguments, dot, final)

    def _field(self, node: Operand, value: Any, name: str, arguments: Sequence[Operand], dot: Any, final: Any) -> Any:
        if isinstance(value, Named) and (method := value.go_method(name)) is not None:
            given = [self._operand(argument, dot) for argument in arguments]
            if final is not _NOTHING:
                given.append(final)
            try:
                method.check_count(name, len(given))
            except FunctionFailure as why:
                raise self._fail(node, str(why)) from None
            return self._invoke(node, name, method.call, given)
        if arguments or final is not _NOTHING:
            raise self._fail(node, f"{name} has arguments but cannot be invoked as function")
        if isinstance(value, Struct):
            fields = value.go_fields
            if name not in fields:
                raise self._fail(node, f"can't evaluate field {name} in type {value.go_type}")
            return fields[name]
        if isinstance(value, Mapping):
            mapping = cast("Mapping[str, Any]", value)
            return mapping[name] if name in mapping else missing(mapping)
        if value is None:
            raise self._fail(node, f'nil data; no entry for key "{name}"')
        raise self._fail(node, f"can't evaluate field {name} in type {type_name(value)}")

    # Functions

    def _function(self, node: Operand | Command, name: str, arguments: Sequence[Operand], dot: Any, final: Any) -> Any:
        function = self._functions[name]
        try:
            function.check_count(name, len(arguments) + (final is not _NOTHING))
        except FunctionFailure as why:
            raise self._fail(node, str(why)) from None
        if name in SHORT_CIRCUIT:
            return self._first_deciding(name == "or", arguments, dot, final)
        given = [self._argument(function, i, argument, dot) for i, argument in enumerate(arguments)]
        if final is not _NOTHING:
            try:
                given.append(converted(final, function.kind(len(arguments)), constant=False))
            except FunctionFailure as why:
                raise self._fail(node, str(why)) from None
        return self._invoke(node, name, function.call, given)

    def _argument(self, function: Function, position: int, argument: Operand, dot: Any) -> Any:
        value = self._operand(argument, dot)
        try:
            return converted(value, function.kind(position), constant=isinstance(argument, Constant))
        except FunctionFailure as why:
            raise self._fail(argument, str(why)) from None

    def _first_deciding(self, wanted: bool, arguments: Sequence[Operand], dot: Any, final: Any) -> Any:
        value = final
        for argument in arguments:
            value = self._operand(argument, dot)
            if truth(value) is wanted:
                return value
        return value if final is _NOTHING else final

    def _invoke(self, node: Operand | Command, name: str, call: Callable[..., Any], given: list[Any]) -> Any:
        self._spend(1 + len(given) + sum(map(_size, given)))
        try:
            value = call(*given)
        except (FunctionFailure, *_UNFORESEEN) as why:
            raise self._fail(node, f"error calling {name}: {why}") from None
        if isinstance(value, str) and len(value) > LONGEST:
            raise self._fail(node, f"the text grows beyond {LONGEST} characters")
        self._spend(_size(value))
        return value


def _size(value: object) -> int:
    """What it costs that a function takes or gives a value, in steps."""
    if isinstance(value, str):
        return len(value) // _CHARACTERS
    return len(value) // _ITEMS if is_slice(value) else 0
