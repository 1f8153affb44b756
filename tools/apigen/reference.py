"""The API reference: one page for people, of what this server serves."""
from html import escape
from model import NEVER, SCALARS

STYLE = ('body{font:15px/1.5 system-ui,sans-serif;max-width:70em;margin:2em auto;padding:0 1em}'
         'code{background:#f3f3f3;padding:0 .2em}h2{border-bottom:1px solid #ccc}dt{margin-top:.6em}'
         '.no{color:#888}small{color:#666}')


def shown(f):
    name = f.type if f.type in SCALARS else f'<a href="#{f.type}">{f.type}</a>'
    return name + ('[]' if f.arity == 'many' else '') + ('?' if f.optional or f.arity == 'maybe' else '')


def method(m):
    params = ', '.join(f'{p.name}: {shown(p)}' for p in m.params)
    result = 'Task of ' + shown(m.result) if m.task else shown(m.result)
    notes = [f'needs {escape(m.privilege)}']
    if m.faults:
        notes.append('faults ' + ' '.join(f'<a href="#{f}">{f}</a>' for f in m.faults))
    if m.unsupported:
        notes.append('answers NotSupported')
    return (f'<dt{" class=no" if m.unsupported else ""}><code>{m.name}({params}) : {result}</code> <small>{m.since}</small></dt>'
            f'<dd>{escape(m.doc)} <small>{"; ".join(notes)}</small></dd>')


def fields(rows):
    return '<dl>' + ''.join(f'<dt><code>{f.name} : {shown(f)}</code> <small>{f.since}</small></dt>'
                            + (f'<dd>{escape(f.doc)}</dd>' if f.doc else '') for f in rows if f.since != NEVER) + '</dl>'


def section(t):
    base = f' : <a href="#{t.base}">{t.base}</a>' if t.base else ''
    out = f'<h2 id="{t.name}">{t.name}{base} <small>{t.kind}, {t.since}</small></h2><p>{escape(t.doc)}</p>'
    if t.kind == 'enum':
        return out + '<p>' + ', '.join(f'<code>{escape(v)}</code>' for v in t.values) + '</p>'
    out += fields(t.fields)
    if t.methods:
        out += '<dl>' + ''.join(method(m) for m in t.methods) + '</dl>'
    return out


def text(model):
    order = {'managed': 0, 'data': 1, 'fault': 2, 'enum': 3}
    types = sorted(model.types.values(), key=lambda t: (order[t.kind], t.name))
    return (f'<!doctype html><meta charset="utf-8"><title>Bedplate API reference</title><style>{STYLE}</style>'
            '<h1>Bedplate API reference</h1>' + '\n'.join(section(t) for t in types) + '\n')
