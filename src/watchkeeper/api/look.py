"""How our pages without scripts look: dark or light as the reader likes, narrow or wide, for a thumb or for keys."""

STYLE = """
:root { color-scheme: light dark; --ink: #1c2330; --soft: #5b6675; --line: #d9dee5; --good: #14794a; --bad: #b3261e;
  --ground: #fbfcfd; --link: #0b5fb0 }
@media (prefers-color-scheme: dark) { :root { --ink: #e6eaf0; --soft: #9aa5b4; --line: #313a46; --good: #5fd39a;
  --bad: #ff8a80; --ground: #12161c; --link: #7db8f2 } }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100% }
body { font: 16px/1.55 system-ui, sans-serif; color: var(--ink); background: var(--ground); margin: 0 }
main { max-width: 56rem; margin: 0 auto; padding: 1.5rem 1.25rem 4rem; overflow-wrap: anywhere }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 } h2 { font-size: 1.15rem; margin: 2rem 0 .4rem }
h3 { font-size: 1rem; margin: 1rem 0 .2rem }
p { margin: .3rem 0 } strong { unicode-bidi: plaintext } .soft { color: var(--soft) } a { color: var(--link) }
.good { color: var(--good) } .bad { color: var(--bad) } :focus-visible { outline: .2rem solid var(--link);
  outline-offset: .15rem } nav { margin-bottom: .5rem } nav a, td > a, .tap { display: inline-block; padding: .6rem 0;
  min-width: 2.75rem } nav a + a { margin-inline-start: 1.2rem }
ul { padding-inline-start: 1.2rem } img { max-width: 100% }
table { border-collapse: collapse; width: 100% } caption { text-align: start; color: var(--soft) }
th, td { padding: .35rem .75rem .35rem 0; vertical-align: top; text-align: start } th { font-weight: 600 }
td, tbody th { border-top: 1px solid var(--line) } .when { white-space: nowrap; width: 1% }
code, pre, .labels { font: .92em/1.5 ui-monospace, monospace } pre { white-space: pre-wrap; padding: .6rem;
  border: 1px solid var(--line); border-radius: .3rem } pre code { font-size: 1em }
.tag { border: 1px solid var(--soft); border-radius: .3rem; padding: 0 .4rem; font-size: .9em }
.note { border-inline-start: 3px solid var(--line); padding-inline-start: .6rem; white-space: pre-wrap }
.said { border-inline-start: .3rem solid var(--good); padding: .3rem .8rem } .said.bad { border-color: var(--bad) }
form { margin: 1rem 0; display: grid; gap: .9rem; grid-template-columns: minmax(0, 1fr) }
form.narrow { max-width: 30rem } .row { display: flex; flex-wrap: wrap; gap: .7rem; align-items: end }
.row > label { flex: 1 1 12rem; min-width: 0 } label, legend { font-weight: 600 } fieldset { border: 1px solid
  var(--soft); border-radius: .4rem; display: grid; gap: .4rem; min-width: 0 } .pick, fieldset label { font-weight: 400;
  display: flex; gap: .6rem; align-items: start; padding: .6rem 0; cursor: pointer } .pick > span { min-width: 0 }
input[type=text], input[type=search], select, textarea { display: block; width: 100%; box-sizing: border-box;
  font: inherit; font-weight: 400; min-height: 2.75rem; padding: .5rem; margin-top: .2rem; color: inherit;
  background: transparent; border: 1px solid var(--soft); border-radius: .4rem } textarea { min-height: 6rem }
[aria-invalid=true] { border: 2px solid var(--bad) !important } option { color: #1c2330; background: #fbfcfd }
input[type=checkbox], input[type=radio] { width: 1.4rem; height: 1.4rem; margin: .05rem 0 0; flex: none }
button { font: inherit; font-weight: 600; min-height: 2.75rem; padding: .5rem 1rem; border: 1px solid var(--link);
  border-radius: .4rem; color: var(--link); background: transparent; cursor: pointer }
button.first { color: var(--ground); background: var(--link) } [hidden] { display: none !important }
summary { font-weight: 600; padding: .6rem 0; cursor: pointer } details { border-top: 1px solid var(--line) }
@media (max-width: 40rem) { h1 { font-size: 1.35rem } table.stack, .stack tbody { display: block }
  .stack tr { display: block; padding: .5rem 0; border-top: 1px solid var(--line) } .stack thead { position: absolute;
  clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden } .stack td, .stack tbody th { display: block;
  border: 0; padding: .1rem 0; width: auto; white-space: normal } .stack td:empty { display: none }
  .row > button { flex: 1 1 auto } }
"""
