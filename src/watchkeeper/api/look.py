"""How our pages without scripts look: dark or light as the reader likes, narrow or wide."""

STYLE = """
:root { color-scheme: light dark; --ink: #1c2330; --soft: #5b6675; --line: #d9dee5; --good: #14794a; --bad: #b3261e;
  --ground: #fbfcfd; --link: #0b5fb0 }
@media (prefers-color-scheme: dark) { :root { --ink: #e6eaf0; --soft: #9aa5b4; --line: #313a46; --good: #5fd39a;
  --bad: #ff8a80; --ground: #12161c; --link: #7db8f2 } }
body { font: 16px/1.55 system-ui, sans-serif; color: var(--ink); background: var(--ground); margin: 0 }
main { max-width: 56rem; margin: 0 auto; padding: 2rem 1.25rem 4rem }
h1 { font-size: 1.6rem; margin: 0 } h2 { font-size: 1.05rem; margin: 2rem 0 .4rem }
p { margin: .3rem 0 } .soft { color: var(--soft) } a { color: var(--link) }
.good { color: var(--good) } .bad { color: var(--bad) }
table { border-collapse: collapse; width: 100% }
td { padding: .35rem .75rem .35rem 0; border-top: 1px solid var(--line);
  vertical-align: top; overflow-wrap: anywhere } td:first-child { white-space: nowrap; width: 1% }
code { font: .92em ui-monospace, monospace }
"""
