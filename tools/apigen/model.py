"""What the schema says, as Python objects, and the parser that reads it.

The language, one declaration after another; `##` lines before a declaration, a field or a
method are its documentation:

    enum NAME since 2.0 { one two three }
    data|fault NAME : BASE since 2.0 {
        name? : type[]  since 5.0            # ? may be absent, [] repeated; `since never`: later definitions
                                             # dropped it and their clients refuse it, so it is never sent
    }
    managed NAME : BASE since 2.0 {
        property name? : type  since 4.0  needs System.Read
        method|task NAME(parameter : type, ...) : result?  since 4.1
            id VirtualMachine.powerOn        # a task's descriptionId, where the rule does not give it
            needs PRIVILEGE                  # `dynamic`: the handler checks; never absent
            faults A B C
            unsupported                      # answers NotSupported: there is no handler
    }
"""
import re
from dataclasses import dataclass, field

SCALARS = {
    'boolean': ('bool', 'kBoolType'), 'byte': ('std::int8_t', 'kByteType'), 'short': ('std::int16_t', 'kShortType'),
    'int': ('std::int32_t', 'kIntType'), 'long': ('std::int64_t', 'kLongType'), 'float': ('float', 'kFloatType'),
    'double': ('double', 'kDoubleType'), 'string': ('std::string', 'kStringType'), 'anyURI': ('Uri', 'kUriType'),
    'dateTime': ('Time', 'kDateTimeType'), 'base64Binary': ('Binary', 'kBinaryType'), 'anyType': ('Any', 'kAnyType'),
    'void': ('void', 'kVoidType'),
}
LEVELS = ['2.0', '2.5', '2.5u2', '4.0', '4.1', '5.0', '5.1', '5.5', '6.0', '6.5', '6.7', '6.7.1', '6.7.2', '6.7.3',
          '7.0', '7.0.1', '7.0.2', '7.0.3', '8.0', '8.0.1', '8.0.2', '8.0.3']
NEVER = 'never'


class SchemaError(Exception):
    pass


@dataclass
class Field:
    name: str
    type: str
    ref: bool
    arity: str          # one, maybe, many
    optional: bool      # `?` as written: an array may be both
    since: str
    privilege: str = ''
    doc: str = ''


@dataclass
class Method:
    name: str
    params: list
    result: Field
    task: bool
    since: str
    privilege: str = ''
    faults: list = field(default_factory=list)
    id: str = ''
    unsupported: bool = False
    doc: str = ''
    owner: str = ''


@dataclass
class Type:
    name: str
    kind: str           # data, fault, managed, enum
    base: str
    since: str
    area: str
    doc: str = ''
    fields: list = field(default_factory=list)
    methods: list = field(default_factory=list)
    values: list = field(default_factory=list)


TYPE = re.compile(r'^(data|fault|managed) (\w+)(?: : (\w+))? since ([\w.]+) \{(\})?$')
ENUM = re.compile(r'^enum (\w+) since ([\w.]+) \{ (.*) \}$')
FIELD = re.compile(r'^(\w+)(\?)? : (ref )?(\w+)(\[\])?(?:\s+since ([\w.]+))?(?:\s+needs ([\w.]+))?$')
METHOD = re.compile(r'^(method|task) (\w+)\((.*)\) : (ref )?(\w+)(\[\])?(\?)?(?:\s+since ([\w.]+))?$')


def parse_field(text, since, where):
    m = FIELD.match(text.strip())
    if not m:
        raise SchemaError(f'{where}: not a field: {text.strip()}')
    name, maybe, ref, kind, many, own, needs = m.groups()
    arity = 'many' if many else 'maybe' if maybe else 'one'
    return Field(name, kind, bool(ref), arity, bool(maybe), own or since, needs or '')


def parse(text, area):
    """The declarations of one file."""
    types, current, method, doc = [], None, None, []
    for number, raw in enumerate(text.split('\n'), 1):
        where, line = f'{area}.api:{number}', raw.strip()
        if line.startswith('##'):
            doc.append(line[2:].strip())
            continue
        words = ' '.join(doc)
        if not line:
            if current is None:
                doc = []        # the words at the head of a file belong to the file
            continue
        doc = []
        if m := ENUM.match(line):
            types.append(Type(m[1], 'enum', '', m[2], area, words, values=m[3].split()))
        elif m := TYPE.match(line):
            current = Type(m[2], m[1], m[3] or '', m[4], area, words)
            types.append(current)
            if m[5]:
                current = None
        elif line == '}':
            current = method = None
        elif current is None:
            raise SchemaError(f'{where}: outside of a declaration: {line}')
        elif m := METHOD.match(line):
            since = m[8] or current.since
            params = [parse_field(p, since, where) for p in m[3].split(', ')] if m[3] else []
            arity = 'many' if m[6] else 'maybe' if m[7] else 'one'
            result = Field('returnval', m[5], bool(m[4]), arity, bool(m[7]), since)
            method = Method(m[2], params, result, m[1] == 'task', since, doc=words, owner=current.name)
            current.methods.append(method)
        elif current.kind == 'managed' and line.startswith('property '):
            f = parse_field(line[9:], current.since, where)
            f.doc = words
            if not f.privilege:
                raise SchemaError(f'{where}: property {current.name}.{f.name} needs no privilege')
            current.fields.append(f)
        elif method and line.startswith('needs '):
            method.privilege = line[6:].strip()
        elif method and line.startswith('faults '):
            method.faults = line[7:].split()
        elif method and line.startswith('id '):
            method.id = line[3:].strip()
        elif method and line == 'unsupported':
            method.unsupported = True
        elif current.kind != 'managed':
            f = parse_field(line, current.since, where)
            f.doc = words
            current.fields.append(f)
        else:
            raise SchemaError(f'{where}: not understood: {line}')
    return types


class Model:
    """All declarations, checked against each other."""

    def __init__(self, types):
        self.types = {}
        for t in types:
            if t.name in self.types:
                raise SchemaError(f'{t.name} is declared twice')
            self.types[t.name] = t
        self.areas = sorted({t.area for t in types})
        self.check()

    def of(self, *kinds):
        return [t for t in self.types.values() if t.kind in kinds]

    def methods(self):
        return [m for t in self.of('managed') for m in t.methods]

    def chain(self, t):
        """The type and its ancestors, nearest first."""
        while t:
            yield t
            t = self.types.get(t.base)

    def all_fields(self, t):
        """In wire order: ancestors first."""
        return [f for a in reversed(list(self.chain(t))) for f in a.fields]

    def check(self):
        names = set()
        for t in self.types.values():
            if t.base and t.base not in self.types:
                raise SchemaError(f'{t.name}: unknown base {t.base}')
            for f in t.fields:
                self.check_field(t.name, f)
        for m in self.methods():
            where = f'{m.owner}.{m.name}'
            if not m.privilege:
                raise SchemaError(f'{where}: a method without a privilege does not generate')
            if call_name(m) in names:
                raise SchemaError(f'{where}: the name is taken')
            names.add(call_name(m))
            for f in m.params + [m.result]:
                self.check_field(where, f)
            for f in m.faults:
                if f not in self.types or self.types[f].kind != 'fault':
                    raise SchemaError(f'{where}: unknown fault {f}')

    def check_field(self, where, f):
        if f.since not in LEVELS and f.since != NEVER:
            raise SchemaError(f'{where}.{f.name}: unknown level {f.since}')
        known = self.types.get(f.type)
        if f.ref != bool(known and known.kind == 'managed') or (not known and f.type not in SCALARS):
            raise SchemaError(f'{where}.{f.name}: {"ref " if f.ref else ""}{f.type} is not what its declaration says')


def call_name(m):
    name = m.name[:-5] if m.name.endswith('_Task') else m.name
    return name[0].upper() + name[1:]


def task_id(m):
    """The descriptionId of a task: VirtualMachine.powerOn for PowerOnVM_Task."""
    if m.id:
        return m.id
    name = call_name(m)
    if m.owner == 'VirtualMachine' and name.endswith('VM'):
        name = name[:-2]
    return f'{m.owner}.{name[0].lower()}{name[1:]}'
