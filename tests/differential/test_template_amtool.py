"""Our templates beside Go's own, by way of amtool."""

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from watchkeeper.template import Function, Struct, Template, TemplateFailure, Texts

AMTOOL = shutil.which("amtool") or "amtool is missing"
pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(not Path(AMTOOL).exists(), reason="amtool is missing: `make peers` unpacks it"),
]

FUNCTIONS = {
    "toUpper": Function(lambda text: text.upper(), ("string",)),
    "join": Function(lambda separator, parts: separator.join(parts), ("string", "slice")),
    "stringSlice": Function(lambda *parts: Texts(parts), (), "string"),
}


class Given(Struct):
    """As much of what amtool shows as the templates here ask for."""

    @property
    def go_type(self) -> str:
        return "template.Data"

    @property
    def go_fields(self) -> Mapping[str, Any]:
        return {"Status": "firing", "Receiver": "receiver"}


PRINTED = [
    "{{ 1000000.0 }} {{ 123456.5 }} {{ 1e20 }} {{ 1234567.5 }} {{ 0.00001 }} {{ 1e6 }} {{ 0.1 }} {{ -2.5 }}",
    '{{ printf "%v %g %g %.3g %6.2f %e" 1e6 1e6 123456789.0 1234.5678 2.5 1e-7 }}',
    '{{ printf "%q %x %X %+d %5d|%-5d|" "a\\"b" "hi" 255 5 42 42 }}',
    '{{ js "a<b&c=d\'\\"" }} {{ html "<a href=\'x\'>&" }} {{ urlquery "a b/c?é" }}',
    '{{ len "héé" }} {{ slice "abcdef" 1 3 }} {{index "abc" 1}}',
    '{{ print 1 2 "a" 3 4 true }} {{ println 1 "a" }}.',
    "{{range 3}}{{.}}{{end}} {{ 1_000 }} {{ 0x1F }} {{ 0b11 }} {{ 017 }} {{ 'a' }} {{ '\\n' }}",
    '{{ printf "%t %v %T %T %T" true nil 1 "a" 1.5 }}',
    '{{ printf "%[2]d %[1]d" 1 2 }} {{ printf "%!" }} {{ printf "%z" 3 }} {{ printf "%d" "x" }} {{ printf "%s" }}',
    '{{ printf "%s" "a" "b" }} {{ printf "%d%%" 5 }} {{ printf "%*d" 5 42 }}',
    '{{ and 1 0 2 }} {{ or 0 "" }} {{ not 0 }} {{ eq 1 2 1 }} {{ ne "a" "b" }} {{ lt 1 2 }} {{ ge 2.5 2.5 }}',
    '{{ join "," (stringSlice "a" "b") }} {{ "x" | toUpper | printf "%s%s" "y" }}',
    '{{ printf "%05.1f|%+.1f|% d|%x" 3.14 2.0 5 "é" }} {{ printf "%6.3v|%-8q|%08d" 3.14159 "a" -42 }}',
    '{{ if ne .Status "" }}x{{ else }}y{{ end }} {{- /* c */ -}} z',
    "{{ $a := 1 }}{{ $b := $a }}{{ $a = 2 }}{{ $a }}{{ $b }}",
    '{{ define "d" }}<{{ . }}>{{ end }}{{ template "d" "v" }}{{ block "e" 1 }}{{ . }}{{ end }}',
    '{{ printf "%5.2f|%s|%d|%05s|%.2v|%+v" 3 nil nil "ab" "abc" 5 }} {{ printf "%T" nil }}',
    '{{ printf "%#x %#o %O %#U %#x %# x %x" 255 8 8 65 "hi" "hi" 3.5 }}',
    '{{ printf "%c|%q|%+q|%#q" 99999999 39 "é" "ab" }}',
    '{{ printf "%5q|%x|%10v|%#v" (stringSlice "a" "b") (stringSlice "a") (stringSlice "a" "b") "c" }}',
    '{{ printf "%[2]*[1]d|%[x]d|%[3]s|%*s" 1 5 }} {{ printf "%*s|%.*f" "x" "a" 2 3.14159 }}',
    '{{ printf "%99999999d" 1 }}',
    '{{ js "\u2028é" }} {{ html nil }} {{ eq "a" nil }} {{ range $x := 0 }}{{ else }}{{ $x }}{{ end }}',
    '{{ $x := 5 }}{{ range $x = stringSlice "a" "b" }}{{ end }}{{ $x }}{{ if and false .Nope }}{{ end }}',
]
REFUSED = [
    "{{ foo }}",
    "{{ if }}",
    "{{ nil }}",
    '{{ "a" | "b" }}',
    "{{ .Status.Foo }}",
    '{{range "abc"}}{{end}}',
    "{{ break }}",
    '{{ define "q" }}{{ end',
    "{{ $y }}",
    "{{ 3 4 }}",
    '{{template "zz"}}',
    "{{ 1.Foo }}",
    '{{ lt 1 "a" }}',
    "{{ eq 1 1.0 }}",
    "{{ toUpper 1 }}",
    "{{ (1 }}",
    "{{ ) }}",
    '{{ "a }}',
    "{{ /* }}",
    "{{ end }}",
    "{{ else }}",
    "{{ index 1 2 }}",
    "{{ slice 1 }}",
    "{{ len 3 }}",
    "{{ template }}",
    "{{ printf 1 }}",
    "{{ not }}",
    "{{ .Status | .Receiver }}",
    '{{ define "a" }}A{{ end }}{{ define "a" }}B{{ end }}',
    "{{ 9223372036854775808 }}",
    "{{ range $i, $j := 3 }}{{ end }}",
    "{{ | }}",
]


def amtool(text: str, folder: Path) -> str | None:
    (folder / "empty.tmpl").write_text("")
    run = subprocess.run(
        [AMTOOL, "template", "render", f"--template.glob={folder}/empty.tmpl", f"--template.text={text}"],
        capture_output=True,
        text=True,
        check=False,
    )
    return run.stdout.removesuffix("\n") if run.returncode == 0 else None


@pytest.mark.parametrize("text", PRINTED)
def test_we_print_what_go_prints(text: str, tmp_path: Path) -> None:
    assert Template.read("t", text, FUNCTIONS).render("t", Given()) == amtool(text, tmp_path)


@pytest.mark.parametrize("text", REFUSED)
def test_we_refuse_what_go_refuses(text: str, tmp_path: Path) -> None:
    assert amtool(text, tmp_path) is None
    with pytest.raises(TemplateFailure):
        Template.read("t", text, FUNCTIONS).render("t", Given())
