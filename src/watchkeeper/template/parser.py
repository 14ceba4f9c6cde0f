"""Tokens → tree. A set of named bodies comes out: the template itself and all that it defines."""

from __future__ import annotations

from collections.abc import Collection

from watchkeeper.template.failure import TemplateFailure
from watchkeeper.template.lexer import Kind, Token, tokens
from watchkeeper.template.literal import character, number, unquote
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

Bodies = dict[str, tuple[Node, ...]]


def parse(name: str, text: str, functions: Collection[str]) -> Bodies:
    """The bodies of the template `name` and of those it defines. Raises TemplateFailure at the first error."""
    try:
        return _Parser(name, text, functions).parse()
    except RecursionError:
        raise TemplateFailure(name, 1, 1, "is nested too deeply") from None


class _Parser:
    def __init__(self, name: str, text: str, functions: Collection[str]) -> None:
        self._name = name
        self._text = text
        self._functions = functions
        self._tokens = list(tokens(text))
        self._next = 0
        self._variables: list[str] = ["$"]
        self._loops = 0
        self._bodies: Bodies = {}

    def parse(self) -> Bodies:
        body, closer = self._body(top=True)
        if closer is not None:
            raise self._unexpected(closer, "input")
        self._bodies[self._name] = body
        return self._bodies

    # Tokens

    def _peek(self) -> Token:
        return self._tokens[min(self._next, len(self._tokens) - 1)]

    def _take(self) -> Token:
        token = self._peek()
        self._next += 1
        if token.kind is Kind.ERROR:
            raise self._failure(token.at, token.text)
        return token

    def _skip_space(self) -> Token:
        while self._peek().kind is Kind.SPACE:
            self._next += 1
        return self._peek()

    def _expect(self, kind: Kind, context: str) -> Token:
        self._skip_space()
        token = self._take()
        if token.kind is not kind:
            raise self._unexpected(token, context)
        return token

    def _failure(self, at: int, message: str) -> TemplateFailure:
        line, column = place(self._text, at)
        return TemplateFailure(self._name, line, column, message)

    def _unexpected(self, token: Token, context: str) -> TemplateFailure:
        what = "unexpected EOF" if token.kind is Kind.END else f"unexpected <{token.text}> in {context}"
        return self._failure(token.at, what)

    # Bodies

    def _body(self, top: bool = False) -> tuple[tuple[Node, ...], Token | None]:
        """Nodes up to the `else` or `end` that closes them (returned as token), or to the end where `top`."""
        nodes: list[Node] = []
        while True:
            token = self._take()
            if token.kind is Kind.END:
                if not top:
                    raise self._unexpected(token, "input")
                return tuple(nodes), None
            if token.kind is Kind.TEXT:
                nodes.append(Text(token.text))
                continue
            word = self._skip_space()
            if word.kind is Kind.KEYWORD and word.text in ("end", "else"):
                self._take()
                return tuple(nodes), word
            node = self._keyword(word, top) if word.kind is Kind.KEYWORD else self._action()
            if node is not None:
                nodes.append(node)

    def _keyword(self, word: Token, top: bool) -> Node | None:
        self._take()
        if word.text in ("if", "with", "range"):
            return self._branch(word.text)
        if word.text == "template":
            return self._call(word)
        if word.text == "define":
            if not top:
                raise self._unexpected(word, "command")
            return self._define()
        if word.text == "block":
            return self._block(word)
        if not self._loops:
            raise self._failure(word.at, f"{{{{{word.text}}}}} outside {{{{range}}}}")
        self._expect(Kind.CLOSE, word.text)
        return Leave(word.text)

    def _action(self) -> Node:
        return Action(self._pipeline("command", Kind.CLOSE))

    def _branch(self, keyword: str) -> Branch:
        scope = len(self._variables)
        pipeline = self._pipeline(keyword, Kind.CLOSE)
        self._loops += keyword == "range"
        body, closer = self._body()
        self._loops -= keyword == "range"
        otherwise: tuple[Node, ...] = ()
        if closer is not None and closer.text == "else":
            otherwise = self._otherwise(keyword)
        else:
            self._expect(Kind.CLOSE, "end")
        del self._variables[scope:]
        return Branch(keyword, pipeline, body, otherwise)

    def _otherwise(self, keyword: str) -> tuple[Node, ...]:
        word = self._skip_space()
        if word.kind is Kind.KEYWORD and word.text == keyword and keyword in ("if", "with"):
            self._take()
            return (self._branch(keyword),)
        self._expect(Kind.CLOSE, "else")
        body, closer = self._body()
        if closer is None or closer.text != "end":
            raise self._failure(self._peek().at, f"expected end; found {{{{else}}}} in {keyword}")
        self._expect(Kind.CLOSE, "end")
        return body

    def _call(self, word: Token) -> Call:
        name = self._string("template clause")
        if self._skip_space().kind is Kind.CLOSE:
            self._take()
            return Call(name, None, word.at)
        return Call(name, self._pipeline("template clause", Kind.CLOSE), word.at)

    def _define(self) -> None:
        at = self._skip_space().at
        name = self._string("define clause")
        self._expect(Kind.CLOSE, "define clause")
        self._definition(name, at)

    def _block(self, word: Token) -> Call:
        name = self._string("block clause")
        pipeline = self._pipeline("block clause", Kind.CLOSE)
        self._definition(name, word.at)
        return Call(name, pipeline, word.at)

    def _definition(self, name: str, at: int) -> None:
        outer, self._variables, loops, self._loops = self._variables, ["$"], self._loops, 0
        body, closer = self._body()
        if closer is None or closer.text != "end":
            raise self._failure(self._peek().at, "unexpected {{else}} in define clause")
        self._expect(Kind.CLOSE, "define clause")
        self._variables, self._loops = outer, loops
        if is_blank(body):
            self._bodies.setdefault(name, body)
        elif name in self._bodies and not is_blank(self._bodies[name]):
            raise self._failure(at, f'template "{name}" is defined twice in this text')
        else:
            self._bodies[name] = body

    def _string(self, context: str) -> str:
        token = self._skip_space()
        if token.kind not in (Kind.STRING, Kind.RAW_STRING):
            raise self._unexpected(self._take(), context)
        return self._unquoted(self._take())

    # Pipelines

    def _pipeline(self, context: str, end: Kind) -> Pipeline:
        first = self._skip_space()
        variables, assigns = self._declaration(context)
        commands: list[Command] = []
        while True:
            token = self._skip_space()
            if token.kind is end:
                self._take()
                break
            commands.append(self._command(context))
            if self._peek().kind is Kind.PIPE:
                self._take()
        if not commands:
            raise self._failure(first.at, f"missing value for {context}")
        for command in commands[1:]:
            if isinstance(command.arguments[0], Constant | Dot):
                raise self._failure(
                    command.at, f"non executable command in pipeline stage {commands.index(command) + 1}"
                )
        return Pipeline(variables, assigns, tuple(commands), first.at, end is Kind.RIGHT)

    def _declaration(self, context: str) -> tuple[tuple[str, ...], bool]:
        start, names = self._next, list[str]()
        while self._skip_space().kind is Kind.VARIABLE:
            names.append(self._take().text)
            token = self._skip_space()
            if token.kind in (Kind.DECLARE, Kind.ASSIGN):
                self._take()
                self._variables.extend(names)  # as in Go: whether there is such a variable shows when it runs
                return tuple(names), token.kind is Kind.ASSIGN
            if token.kind is not Kind.COMMA or context != "range" or len(names) == 2:
                break
            self._take()
        self._next = start
        return (), False

    def _command(self, context: str) -> Command:
        first = self._skip_space()
        arguments = [self._operand(context)]
        while True:
            token = self._peek()
            if token.kind is not Kind.SPACE:
                break
            token = self._skip_space()
            if token.kind in (Kind.CLOSE, Kind.RIGHT, Kind.PIPE):
                break
            arguments.append(self._operand(context))
        if token.kind not in (Kind.CLOSE, Kind.RIGHT, Kind.PIPE):
            raise self._unexpected(self._take(), "operand")
        return Command(tuple(arguments), first.at)

    def _operand(self, context: str) -> Operand:
        token = self._take()
        node = self._term(token, context)
        names: list[str] = []
        while self._peek().kind is Kind.FIELD:
            names.append(self._take().text[1:])
        if not names:
            return node
        if isinstance(node, Field):
            return Field((*node.names, *names), node.at)
        if isinstance(node, Variable):
            return Variable(node.name, (*node.names, *names), node.at)
        if isinstance(node, Constant | Dot):
            raise self._failure(token.at, f"unexpected . after term {token.text!r}")
        return Chain(node, tuple(names), node.at)

    def _term(self, token: Token, context: str) -> Operand:
        match token.kind:
            case Kind.DOT:
                return Dot(token.at)
            case Kind.FIELD:
                return Field((token.text[1:],), token.at)
            case Kind.VARIABLE:
                self._known(token.text, token.at)
                return Variable(token.text, (), token.at)
            case Kind.IDENTIFIER:
                if token.text not in self._functions:
                    raise self._failure(token.at, f'function "{token.text}" not defined')
                return FunctionName(token.text, token.at)
            case Kind.LEFT:
                return self._pipeline("parenthesized pipeline", Kind.RIGHT)
            case Kind.STRING | Kind.RAW_STRING:
                return Constant(self._unquoted(token), token.at, token.text)
            case Kind.NUMBER | Kind.CHARACTER:
                return Constant(self._number(token), token.at, token.text)
            case Kind.BOOL:
                return Constant(token.text == "true", token.at, token.text)
            case Kind.NIL:
                return Constant(None, token.at, "nil")
            case _:
                raise self._unexpected(token, context)

    def _known(self, name: str, at: int) -> None:
        if name not in self._variables:
            raise self._failure(at, f'undefined variable "{name}"')

    def _unquoted(self, token: Token) -> str:
        if token.kind is Kind.RAW_STRING:
            return token.text[1:-1]
        try:
            return unquote(token.text)
        except ValueError:
            raise self._failure(token.at, f"invalid syntax in string {token.text}") from None

    def _number(self, token: Token) -> int | float | complex:
        try:
            return character(token.text) if token.kind is Kind.CHARACTER else number(token.text)
        except ValueError as why:
            raise self._failure(token.at, str(why)) from None


def is_blank(body: tuple[Node, ...]) -> bool:
    """Say whether a body has nothing but space, so that it replaces no other of its name."""
    return all(isinstance(node, Text) and not node.text.strip() for node in body)


def place(text: str, at: int) -> tuple[int, int]:
    """Line and column, both from 1, of an offset."""
    before = text[:at]
    return before.count("\n") + 1, at - (before.rfind("\n") + 1) + 1
