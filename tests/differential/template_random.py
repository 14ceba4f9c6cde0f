"""Random templates over a notification's data, most of which can be run."""

from random import Random

NUMBERS = ("0", "1", "-3", "42", "2.5", "1e6", "0.1", "1i", "'a'", "0x1F", "1_000")
TEXTS = ('""', '"a"', "\"Hot <x> & 'y'\"", '"b c\\n"', '`r"aw`', '"é"', ".Status", ".CommonLabels.team", ".Receiver")
LISTS = ("(list)", '(list 1 "a" nil)', '(stringSlice "x" "y")', ".CommonLabels.Names", ".CommonLabels.SortedPairs")
MAPS = (".CommonLabels", ".GroupLabels", '(dict "k" 1 "l" "m")', "(dict)", "(index .Alerts 0).Labels")
OTHERS = ("nil", "true", "false", ".Alerts.Firing", "(index .Alerts 0)", "(index .Alerts 2).EndsAt")
VERBS = ("v", "+v", "#v", "d", "s", "q", "x", "T", "5.2f", "-8v|", "08v", "t", "c", "U", "e", "g", "% d", "#x", ".1s")


class Templates:
    """Writes one template after another; the same ones for the same seed."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self._variables: list[str] = []
        self._loops = 0

    def template(self) -> str:
        """A text of a few pieces; all of it stands for itself, dot and `$` being the whole data."""
        self._variables = []
        return self._body(3)

    def _pick(self, *of: str) -> str:
        return self._random.choice(of)

    def _body(self, depth: int) -> str:
        known = len(self._variables)
        body = "".join(self._piece(depth) for _ in range(self._random.randint(1, 3)))
        del self._variables[known:]
        return body

    def _piece(self, depth: int) -> str:
        opening, closing = self._pick("{{ ", "{{- ", "{{ "), self._pick(" }}", " -}}", " }}")
        kind = self._random.randint(0, 9 if depth else 4)
        if kind == 0:
            return self._pick(" text ", "\n", "<b>", " x\n ")
        if kind == 1:
            value = self._any(2)
            self._variables.append(f"$v{len(self._variables)}")
            return f"{opening}{self._variables[-1]} := {value}{closing}"
        if kind == 2 and self._variables:
            return f"{opening}{self._pick(*self._variables)} = {self._any(2)}{closing}"
        if kind == 3 and self._loops:
            return f"{{{{ if {self._bool(1)} }}}}{{{{ {self._pick('break', 'continue')} }}}}{{{{ end }}}}"
        if kind == 5:
            return f"{opening}if {self._any(2)}{closing}{self._body(depth - 1)}{self._otherwise(depth)}"
        if kind == 6:
            return f"{opening}with {self._any(2)}{closing}{{{{ . }}}}{self._otherwise(depth)}"
        if kind == 7:
            return self._loop(depth)
        return f"{opening}{self._piped()}{closing}"

    def _otherwise(self, depth: int) -> str:
        return self._pick("{{ end }}", "{{ else }}" + self._body(depth - 1) + "{{ end }}")

    def _loop(self, depth: int) -> str:
        over = self._pick(*LISTS, *MAPS, "3", "0", ".Alerts")
        self._loops += 1
        known, declared = len(self._variables), self._pick("", "$e := ", "$i, $e := ")
        self._variables += [] if over in ("3", "0") or not declared else ["$e"]
        if over in ("3", "0"):
            declared = ""
        inner = "{{ . }};" + self._in_loop(depth)
        del self._variables[known:]
        self._loops -= 1
        return f"{{{{ range {declared}{over} }}}}{inner}{self._pick('', '{{ else }}none')}{{{{ end }}}}"

    def _in_loop(self, depth: int) -> str:
        """Pieces that do not look at dot, which is another one here."""
        return self._body(depth - 1).replace(" .", " $.").replace("(.", "($.").replace("{{ $. }}", "{{ . }}")

    def _piped(self) -> str:
        end = self._pick("", "", " | print 1", ' | printf "%v|%T" 2', " | html", " | js", " | urlquery", " | toJson")
        return self._any(3) + end

    def _any(self, depth: int) -> str:
        kinds = (self._number, self._text, self._list, self._bool, self._map, self._other)
        return self._random.choice(kinds)(depth)

    def _other(self, depth: int) -> str:
        if self._variables and self._random.random() < 0.6:
            return self._pick(*self._variables)
        if depth and self._random.random() < 0.5:
            return f"({self._pick('and', 'or')} {self._any(depth - 1)} {self._any(depth - 1)})"
        return self._pick(*OTHERS)

    def _number(self, depth: int) -> str:
        if not depth or self._random.random() < 0.5:
            return self._pick(*NUMBERS)
        return f"(len {self._random.choice((self._text, self._list, self._map))(depth - 1)})"

    def _text(self, depth: int) -> str:
        if not depth or self._random.random() < 0.3:
            return self._pick(*TEXTS)
        text = self._text(depth - 1)
        shown = " ".join(self._any(depth - 1) for _ in range(self._random.randint(0, 3)))
        pattern = "~".join("%" + self._pick(*VERBS) for _ in range(self._random.randint(0, 3)))
        return self._pick(
            f"(toUpper {text})",
            f"(title {text})",
            f"(trimSpace {text})",
            f'(printf "{pattern}" {shown})',
            f'(printf "{pattern}" {shown})',
            f"(print {shown})",
            f"(println {shown})",
            f'(join "-" .CommonLabels.{self._pick("Names", "Values")})',
            f'(reReplaceAll "{self._pick("[a-c]", "(.)", "", "x*", "t$")}" "{self._pick("-", "<$1>", "")}" {text})',
            f"(slice {text} 0 {self._pick('0', '1')})",
            f"(toJson {self._any(depth - 1)})",
            f"(html {shown or text})",
        )

    def _list(self, depth: int) -> str:
        if not depth or self._random.random() < 0.5:
            return self._pick(*LISTS)
        items = " ".join(self._any(depth - 1) for _ in range(self._random.randint(0, 2)))
        return self._pick(f"(list {items})", f"(append (list {items}) {self._any(depth - 1)})", "(slice .Alerts 1)")

    def _map(self, depth: int) -> str:
        if not depth or self._random.random() < 0.5:
            return self._pick(*MAPS)
        return f'(dict "a" {self._any(depth - 1)} "b" {self._any(depth - 1)})'

    def _bool(self, depth: int) -> str:
        same = self._random.choice((self._number, self._text))
        compare = self._pick("eq", "ne", "lt", "le", "gt", "ge")
        return self._pick(
            f"({compare} {same(0)} {same(0)})",
            f"(not {self._any(max(0, depth - 1))})",
            f"(eq {self._any(0)} {self._any(0)})",
            f'(match "{self._pick("^a", "o", "x?")}" {self._text(0)})',
        )
