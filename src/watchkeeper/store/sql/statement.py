"""Which statements people may run: judged by tokens first, then by the tree that the engine itself reads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from watchkeeper.store.sql.failure import SqlRefused
from watchkeeper.store.sql.token import Token, TokenKind, tokens

LONGEST = 100_000
_EXPLAIN_KINDS = ("ast", "syntax", "plan", "pipeline", "estimate")
# Words that begin clauses which choose the output or loosen limits; as plain names they have to be quoted.
_FORBIDDEN = ("settings", "into", "outfile", "format", "insert", "attach", "system")
_NODES = frozenset({
    "SelectWithUnionQuery", "SelectIntersectExceptQuery", "SelectQuery", "ExpressionList", "Identifier", "Literal",
    "Function", "TablesInSelectQuery", "TablesInSelectQueryElement", "TableExpression", "TableIdentifier", "Subquery",
    "TableJoin", "ArrayJoin", "OrderByElement", "InterpolateElement", "WithElement", "Asterisk", "QualifiedAsterisk",
    "ColumnsRegexpMatcher", "ColumnsListMatcher", "ColumnsTransformerList", "ColumnsExceptTransformer",
    "ColumnsApplyTransformer", "ColumnsReplaceTransformer", "ColumnsReplaceTransformer::Replacement",
    "WindowDefinition", "WindowListElement", "SampleRatio", "LimitBy",
})  # fmt: skip
_IN = frozenset({"in", "notin", "globalin", "globalnotin", "nullin", "notnullin", "globalnullin", "globalnotnullin"})


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement that its tokens permit.

    `sql` is what the engine gets: our tokens again, without comments. `select` is the query within, None for SHOW and
    DESCRIBE, which are whole in themselves.
    """

    sql: str
    select: str | None


def read(sql: str, views: tuple[str, ...]) -> Statement:
    """Judge by tokens. Raises SqlRefused with the place and what would be right."""
    if len(sql) > LONGEST:
        raise SqlRefused(f"the statement has {len(sql)} characters, of {LONGEST} that it may have")
    words = list(tokens(sql))
    while words and words[-1].text == ";":
        words.pop()
    if not words:
        raise SqlRefused("there is no statement", 0)
    for token in words:
        if token.text == ";" and token.kind is TokenKind.SYMBOL:
            raise SqlRefused(f"character {token.position + 1}: one statement at a time", token.position)
    first = words[0]
    if first.says("select", "with") or first.text == "(":
        text = _plain(words)
        return Statement(text, text)
    if first.says("explain"):
        return _explained(words)
    if first.says("show", "describe", "desc"):
        return _described(words, views)
    raise SqlRefused(
        f"character {first.position + 1}: {first.text} cannot be run here: SELECT, EXPLAIN, SHOW and DESCRIBE can",
        first.position,
    )


def _plain(words: list[Token]) -> str:
    """The text of a query without forbidden clauses."""
    for token, after in zip(words, [*words[1:], None], strict=True):
        call = after is not None and after.text == "("
        if token.says(*_FORBIDDEN) and not (call and token.says("format")):
            raise SqlRefused(
                f"character {token.position + 1}: {token.text.upper()} is not allowed here (a column of that name "
                "can be written in double quotes)",
                token.position,
            )
    return " ".join(token.text for token in words)


def _explained(words: list[Token]) -> Statement:
    at = 2 if len(words) > 1 and words[1].says(*_EXPLAIN_KINDS) else 1
    if len(words) <= at or not (words[at].says("select", "with") or words[at].text == "("):
        raise SqlRefused(f"EXPLAIN [{' | '.join(kind.upper() for kind in _EXPLAIN_KINDS)}] SELECT … can be run here")
    select = _plain(words[at:])
    return Statement(" ".join([*(token.text for token in words[:at]), select]), select)


def _described(words: list[Token], views: tuple[str, ...]) -> Statement:
    said = [token.text.lower() for token in words]
    if said == ["show", "tables"]:
        return Statement("SHOW TABLES", None)
    rest = said[1:] if said[0] != "show" else said[3:] if said[1:3] in (["columns", "from"], ["columns", "in"]) else []
    if rest[:1] == ["table"]:
        rest = rest[1:]
    if len(rest) == 1 and rest[0].strip('`"') in views:
        return Statement(f"DESCRIBE TABLE {rest[0]}", None)
    raise SqlRefused(f"SHOW TABLES and DESCRIBE can be run here, the latter on {', '.join(views)}", words[0].position)


@dataclass(slots=True)
class _Node:
    kind: str
    name: str
    children: list[_Node] = field(default_factory=list["_Node"])


def judge_tree(explained: str, permits: Callable[[str], bool]) -> None:
    """Judge by the engine's tree (the text of EXPLAIN AST); `permits` says which functions go. Raises SqlRefused."""
    stack: list[_Node] = []
    for line in explained.splitlines():
        text = line.lstrip(" ")
        depth = len(line) - len(text)
        kind, _, rest = text.partition(" ")
        node = _Node(kind, rest.split(" (children ")[0].split(" (alias ")[0].strip())
        del stack[depth:]
        if kind not in _NODES:
            raise SqlRefused(f"{kind} is not allowed here")
        if stack:
            stack[-1].children.append(node)
        _judge(node, stack, permits)
        stack.append(node)


def _judge(node: _Node, above: list[_Node], permits: Callable[[str], bool]) -> None:
    parent = above[-1] if above else None
    if node.kind == "Function":
        if parent is not None and parent.kind == "TableExpression":
            raise SqlRefused(f"the table function {node.name} is not allowed here")
        if not permits(node.name):
            raise SqlRefused(f"the function {node.name} is not allowed here")
    if node.kind == "TableIdentifier" and "." in node.name:
        raise SqlRefused(f"the table {node.name} is out of reach: SHOW TABLES names those that are not")
    # `x IN name` reads a table of that name.
    caller = above[-2] if len(above) >= 2 else None
    if node.kind == "Identifier" and "." in node.name and caller is not None and caller.kind == "Function":
        second = parent is not None and parent.kind == "ExpressionList" and len(parent.children) == 2
        if second and caller.name.lower() in _IN:
            raise SqlRefused(f"the table {node.name} is out of reach: SHOW TABLES names those that are not")
