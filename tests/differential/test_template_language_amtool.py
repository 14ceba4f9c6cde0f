"""The whole language of templates beside Alertmanager's own, by way of amtool: hundreds of small templates at once."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from differential.template_random import Templates as RandomTemplates
from watchkeeper.model.alert import Alert
from watchkeeper.model.labels import Labels
from watchkeeper.notify.templating import Data, Templates, data_of
from watchkeeper.template import TemplateFailure

AMTOOL = shutil.which("amtool") or "amtool is missing"
pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(not Path(AMTOOL).exists(), reason="amtool is missing: `make peers` unpacks it"),
]

HERE = Path(__file__).parent
AT = 1_763_700_000_123
MARK = "\n=====\n"
VALUES = (
    "1i -2.5i 1e6 2.5 1e20 0.1 -0.0 5 -42 0 'a' 255 1e-7 5e-324 1.7976931348623157e308|"
    '"héé"|"a\\"b`"|""|"\\x00\\u200b"|true|false|nil|(list)|(list 1 "a" nil 2.5)|(list "a" "b")|(stringSlice "x" "y")|'
    '(stringSlice)|(dict)|(dict "a" "b")|(dict "a" 1 "b" (list 1))|(list (list 1) (dict "k" nil))|.CommonLabels|'
    '.CommonLabels.SortedPairs|(index .CommonLabels.SortedPairs 0)|.CommonLabels.Names|(index "abc" 1)|'
    '(.CommonLabels.Remove (stringSlice "team"))|.Alerts|.Alerts.Firing|(index .Alerts 0)|(index .Alerts 2).EndsAt|'
    "(index .Alerts 0).EndsAt|((index .Alerts 2).EndsAt.Sub (index .Alerts 2).StartsAt)|(list 1i)|(list -1.5 1e6)|"
    '(index .Alerts 0).StartsAt.Month|(append (list 1) "a")|(safeHtml "<b>")|(safeUrl "u")|(slice .Alerts 1)|'
    '(list (index .Alerts 0).StartsAt)|(index (dict "a" 1) "zz")|(slice (stringSlice "a" "b") 1)|(list 1i true)'
)
VERBS = (
    "v,+v,#v,d,s,q,x,X,T,U,c,t,e,g,f,o,b,O,w,#x,#q,+q,#U,8v,-8v,08v,.2v,+d,#g,5.1f,#s,G,E,F,#f,#.3g,#e,+.2e,#b,#o,06d,"
    "+08.2f,5t,-5t,3c,-4q,#+v,.0x,.3x,#.1x,20.3e,-12.2f,.0f,#.0f,#08x,.3d"
)


def lines(name: str) -> list[str]:
    return (HERE / name).read_text().splitlines()


@pytest.fixture(scope="module")
def data() -> Data:
    alerts = [
        Alert(
            Labels({"alertname": "Hot <x>", "team": "a", "instance": instance, "severity": severity}),
            Labels({"summary": "too <hot> & 'bad'", "which": instance}),
            AT - 3_600_000,
            AT - 1000 if instance == "c" else AT + 1_000_000,
            "http://p/graph?g0.expr=x&y=1",
        )
        for instance, severity in (("a", "warning"), ("b", "info"), ("c", "critical"))
    ]
    given = {"at": AT, "reason": "first notification", "external_url": "http://am.example.org"}
    return data_of("the.team", "key", Labels({"alertname": "Hot <x>"}), alerts, **given)


@pytest.fixture(scope="module")
def ours() -> Templates:
    return Templates((), lambda: AT)


def amtool(text: str, named: str, data: Data, folder: Path) -> str | None:
    """What it prints, None where it refuses; `named` is a file of templates that `text` may call."""
    given, file = folder / "data.json", folder / "named.tmpl"
    given.write_text(json.dumps(data.as_json()))
    file.write_text(named)
    command = [AMTOOL, "template", "render", f"--template.glob={file}", f"--template.data={given}"]
    run = subprocess.run([*command, f"--template.text={text}"], capture_output=True, check=False)
    return run.stdout.decode(errors="replace") if run.returncode == 0 else None


def all_at_once(texts: Sequence[str], data: Data, folder: Path) -> list[str]:
    """What amtool prints for each; no text among them defines a template or trims what stands before or behind it."""
    named = "".join(f'{{{{ define "{i}" }}}}|{text}|{{{{ end }}}}\n' for i, text in enumerate(texts))
    printed = amtool(MARK.join(f'{{{{ template "{i}" . }}}}' for i in range(len(texts))), named, data, folder)
    assert printed is not None, "amtool refuses one of them"
    return printed.removesuffix("\n").split(MARK)


def one_by_one(texts: Sequence[str], data: Data, folder: Path) -> list[str | None]:
    def run(i: int) -> str | None:
        own = folder / str(i)
        own.mkdir()
        return amtool(texts[i] + "|", "", data, own)

    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(run, range(len(texts))))


def test_what_alertmanager_prints_we_print(data: Data, ours: Templates, tmp_path: Path) -> None:
    texts = lines("templates_printed.txt")
    together = [text for text in texts if not any(word in text for word in ("define", "block", "{{ end }}{{ $"))]
    apart = [text for text in texts if text not in together]
    printed = dict(zip(together, all_at_once(together, data, tmp_path), strict=True))
    assert {text: ours.render(f"|{text}|", data) for text in together} == printed
    expected = one_by_one(apart, data, tmp_path)
    assert {text: ours.render(f"{text}|", data) for text in apart} == {
        text: (shown or "").removesuffix("\n") for text, shown in zip(apart, expected, strict=True)
    }


def test_what_alertmanager_refuses_we_refuse(data: Data, ours: Templates, tmp_path: Path) -> None:
    texts = lines("templates_refused.txt")
    theirs = one_by_one(texts, data, tmp_path)
    assert [text for text, shown in zip(texts, theirs, strict=True) if shown is not None] == []
    assert [text for text in texts if renders(ours, text, data)] == []


def renders(templates: Templates, text: str, data: Data) -> bool:
    try:
        templates.render(text, data)
    except TemplateFailure:
        return False
    return True


def test_every_verb_shows_every_kind_of_value_as_go_does(data: Data, ours: Templates, tmp_path: Path) -> None:
    numbers, *others = VALUES.split("|")
    texts = [
        f'{{{{ printf "%{verb}~%{verb}" {value} {value} }}}}'
        for value in (*numbers.split(), *others)
        for verb in VERBS.split(",")
    ]
    expected = dict(zip(texts, all_at_once(texts, data, tmp_path), strict=True))
    assert {text: ours.render(f"|{text}|", data) for text in texts} == expected


@pytest.mark.parametrize("seed", [1, 2])
def test_random_templates_print_what_alertmanagers_print(
    seed: int, data: Data, ours: Templates, tmp_path: Path
) -> None:
    writer = RandomTemplates(seed)
    texts = [text for _ in range(300) if "{{-" not in (text := writer.template()) and "-}}" not in text]
    good = [text for text in texts if renders(ours, text, data)]
    bad = [text for text in texts if text not in good][:40]
    expected = dict(zip(good, all_at_once(good, data, tmp_path), strict=True))
    assert {text: ours.render(f"|{text}|", data) for text in good} == expected
    assert [text for text, shown in zip(bad, one_by_one(bad, data, tmp_path), strict=True) if shown is not None] == []


def test_the_whole_data_are_a_pointer_as_alertmanager_hands_them_to_its_templates(data: Data, ours: Templates) -> None:
    """Seen by printing; amtool itself hands over the data themselves, so it shows them without the ampersand."""
    assert ours.render('{{ printf "%T" . }}', data) == "*template.Data"
    assert ours.render('{{ print . }}|{{ printf "%s" . }}', data) == "|".join(["&" + ours.render("{{ . }}", data)] * 2)
