"""C++ structs, descriptor tables and request types from the model."""
import re
from model import NEVER, SCALARS, call_name, task_id

KEYWORDS = {'template', 'default', 'operator', 'delete', 'switch', 'virtual', 'private', 'public', 'export', 'class',
            'enum', 'register', 'union', 'new', 'this', 'auto', 'bool', 'break', 'case', 'char', 'const', 'continue',
            'do', 'double', 'else', 'explicit', 'false', 'float', 'for', 'friend', 'if', 'int', 'long', 'namespace',
            'not', 'or', 'and', 'protected', 'return', 'short', 'signed', 'static', 'struct', 'throw', 'true', 'try',
            'type', 'typedef', 'unsigned', 'using', 'void', 'while', 'requires', 'concept', 'self'}


def snake(name):
    s = re.sub(r'([A-Z]+)([A-Z][a-z])', r'\1_\2', name)
    s = re.sub(r'([a-z0-9])([A-Z])', r'\1_\2', s).lower()
    return s + '_' if s in KEYWORDS else s


def enumerator(value):
    v = re.sub(r'\W', '_', value)
    return 'k' + v[0].upper() + v[1:]


def level(since):
    return 'Version{255}' if since == NEVER else 'Version::k' + since.replace('.', '_')


class Cpp:
    def __init__(self, model):
        self.model = model

    # -- one field -------------------------------------------------------------------

    def element(self, f):
        """The C++ type of one element."""
        if f.ref:
            return 'vim::Ref'
        if f.type in SCALARS:
            word = SCALARS[f.type][0]
            return 'vim::' + word if word in ('Uri', 'Time', 'Binary', 'Any') else word
        t = self.model.types[f.type]
        return f'vim::{t.name}' if t.kind == 'enum' else f'vim::Ptr<vim::{t.name}>'

    def member(self, f):
        one = self.element(f)
        if f.arity == 'many':
            return 'std::vector<vim::BoolElement>' if one == 'bool' else f'std::vector<{one}>'
        nullable = f.ref or one == 'vim::Any' or one.startswith('vim::Ptr<')
        return f'std::optional<{one}>' if f.arity == 'maybe' and not nullable else one

    def descriptor(self, f):
        """The expression for the address of the element's Type."""
        if f.type in SCALARS:
            return '&vim::' + SCALARS[f.type][1]
        t = self.model.types[f.type]
        return f'&vim::k{t.name}Type' if t.kind == 'enum' else f'&vim::{t.name}::kType'

    def field_row(self, owner, f, offset):
        ops = self.member(f).replace('vim::BoolElement', 'vim::BoolElement')
        return (f'{{"{f.name}", {self.descriptor(f)}, &vim::SlotFor<{ops}>::kOps, {offset}, '
                f'vim::Arity::k{f.arity.capitalize()}, vim::{level(f.since)}, "{f.privilege}"}}')

    # -- declarations ----------------------------------------------------------------

    def fields_text(self, fields):
        out = []
        for f in fields:
            kind = self.member(f)
            init = '' if kind.startswith(('std::', 'vim::Ref', 'vim::Ptr', 'vim::Any', 'vim::Uri', 'vim::Binary')) and \
                not kind.startswith('std::int') else '{}'
            doc = f'   // {f.doc}' if f.doc else ''
            out.append(f'    {kind} {snake(f.name)}{init};{doc}')
        return out

    def specials(self, name):
        return [f'    {name}();', f'    {name}(const {name}&);', f'    {name}({name}&&) noexcept;',
                f'    {name}& operator=(const {name}&);', f'    {name}& operator=({name}&&) noexcept;',
                f'    ~{name}() override;']

    def fault_parameters(self, t):
        """A fault can be made from its fields, where they are few."""
        fields = [f for f in self.model.all_fields(t) if f.name not in ('faultCause', 'faultMessage')]
        return fields if t.kind == 'fault' and 0 < len(fields) <= 6 else []

    def struct(self, t):
        base = t.base or ('ManagedObject' if t.kind == 'managed' else 'DynamicData')
        out = [f'// {t.doc}'] if t.doc else []
        out.append(f'struct {t.name} : {base} {{')
        out += self.fields_text(t.fields) + self.specials(t.name)
        made_of = self.fault_parameters(t)
        if made_of:
            args = ', '.join(f'{self.member(f)} {snake(f.name)}_' for f in made_of)
            out.append(f'    explicit {t.name}({args});')
        out += ['    const Type& type() const override;', '    DynamicData* Clone() const override;',
                '    static const Type kType;', '};']
        return out

    def enum(self, t):
        values = ', '.join(enumerator(v) for v in t.values)
        return ([f'// {t.doc}'] if t.doc else []) + [
            f'enum class {t.name} : std::uint8_t {{ {values} }};',
            f'extern const Type k{t.name}Type;',
            f'inline std::string_view Name({t.name} v) {{ return k{t.name}Type.names[std::size_t(v)]; }}']

    def call(self, m):
        name = call_name(m)
        result = 'vim::Ref' if m.task else 'std::monostate' if m.result.type == 'void' else self.member(m.result)
        out = [f'// {m.owner}.{m.name}' + (f': {m.doc}' if m.doc else '')]
        out += [f'struct {name} : vim::Request {{']
        out += self.fields_text(m.params) + [f'    using Result = {result};'] + self.specials(name)
        out += ['    const vim::Type& type() const override;', '    vim::DynamicData* Clone() const override;',
                '    static const vim::Type kType;', '    static const vim::Method kMethod;', '};']
        return out

    # -- definitions -----------------------------------------------------------------

    def special_bodies(self, name):
        return [f'{name}::{name}() = default;', f'{name}::{name}(const {name}&) = default;',
                f'{name}::{name}({name}&&) noexcept = default;',
                f'{name}& {name}::operator=(const {name}&) = default;',
                f'{name}& {name}::operator=({name}&&) noexcept = default;', f'{name}::~{name}() = default;']

    def table(self, name, scope, fields):
        if not fields:
            return [], 'std::span<const vim::Field>()'
        rows = [f'    {self.field_row(name, f, f"offsetof({scope}{name}, {snake(f.name)})")},' for f in fields]
        return [f'static constinit const vim::Field k{name}Fields[] = {{'] + rows + ['};'], f'k{name}Fields'

    def struct_body(self, t):
        out = self.special_bodies(t.name)
        made_of = self.fault_parameters(t)
        if made_of:
            args = ', '.join(f'{self.member(f)} {snake(f.name)}_' for f in made_of)
            sets = ' '.join(f'{snake(f.name)} = std::move({snake(f.name)}_);' for f in made_of)
            out.append(f'{t.name}::{t.name}({args}) {{ {sets} }}')
        rows, span = self.table(t.name, '', t.fields)
        kind = 'kManaged' if t.kind == 'managed' else 'kData'
        base = '&' + (t.base or ('ManagedObject' if t.kind == 'managed' else 'DynamicData')) + '::kType'
        out += rows
        out += [f'constinit const Type {t.name}::kType{{"{t.name}", Kind::{kind}, {level(t.since)}, {base}, {span}, {{}}, '
                f'MakeObject<{t.name}>, {quote(t.doc)}}};',
                f'const Type& {t.name}::type() const {{ return kType; }}',
                f'DynamicData* {t.name}::Clone() const {{ return new {t.name}(*this); }}', '']
        return out

    def enum_body(self, t):
        names = ', '.join(f'"{v}"' for v in t.values)
        return [f'static constinit const std::string_view k{t.name}Names[] = {{{names}}};',
                f'constinit const Type k{t.name}Type{{"{t.name}", Kind::kEnum, {level(t.since)}, nullptr, {{}}, '
                f'k{t.name}Names, nullptr, {quote(t.doc)}}};']

    def call_body(self, m):
        name = call_name(m)
        out = self.special_bodies(name)
        rows, span = self.table(name, '', m.params)
        out += rows
        out += [f'constinit const vim::Type {name}::kType{{"{name}RequestType", vim::Kind::kData, vim::{level(m.since)}, '
                f'&vim::DynamicData::kType, {span}, {{}}, vim::MakeObject<{name}>, {{}}}};',
                f'const vim::Type& {name}::type() const {{ return kType; }}',
                f'vim::DynamicData* {name}::Clone() const {{ return new {name}(*this); }}']
        result, task_result = 'nullptr', 'nullptr'
        if m.task:
            result = f'&k{name}Result'
            out.append(f'static constinit const vim::Field k{name}Result{{"returnval", &vim::Task::kType, '
                       f'&vim::SlotFor<vim::Ref>::kOps, 0, vim::Arity::kOne, vim::{level(m.since)}, ""}};')
            if m.result.type != 'void':
                task_result = self.descriptor(m.result)
        elif m.result.type != 'void':
            result = f'&k{name}Result'
            out.append(f'static constinit const vim::Field k{name}Result{self.field_row(name, m.result, 0)};')
        faults = ', '.join(f'&vim::{f}::kType' for f in m.faults)
        if faults:
            out.append(f'static constinit const vim::Type* const k{name}Faults[] = {{{faults}}};')
        privilege = {'dynamic': 'dyn'}.get(m.privilege, m.privilege)
        out += [f'constinit const vim::Method {name}::kMethod{{"{m.name}", &vim::{m.owner}::kType, &{name}::kType, {result}, '
                f'{task_result}, {str(m.task).lower()}, "{task_id(m)}", "{privilege}", '
                f'{f"k{name}Faults" if faults else "{}"}, vim::{level(m.since)}, {str(m.unsupported).lower()}, '
                f'{quote(m.doc)}}};', '']
        return out

    # -- files -----------------------------------------------------------------------

    def sorted_types(self, area):
        """Base before derived, otherwise as in the file."""
        seen, out = set(), []

        def visit(t):
            if t.name in seen or t.area != area:
                return
            seen.add(t.name)
            if t.base:
                visit(self.model.types[t.base])
            out.append(t)
        for t in self.model.of('data', 'fault', 'managed'):
            visit(t)
        return [t for t in out if t.name != 'ManagedObject']

    def base_areas(self, area):
        return sorted({self.model.types[t.base].area for t in self.sorted_types(area)
                       if t.base and self.model.types[t.base].area != area and t.base != 'ManagedObject'})

    def header(self, area):
        out = [f'// Made from schema/{area}.api; do not edit.', '#pragma once', '', '#include "vim/gen/fwd.h"']
        out += [f'#include "vim/gen/{a}.h"' for a in self.base_areas(area)]
        out += ['', 'namespace vim {', '']
        for t in self.model.of('enum'):
            if t.area == area:
                out += self.enum(t) + ['']
        for t in self.sorted_types(area):
            out += self.struct(t) + ['']
        return out + ['}  // namespace vim']

    def source(self, area):
        out = [f'// Made from schema/{area}.api; do not edit.', '#include <cstddef>', '#include "vim/gen/all.h"',
               '#include "vim/slots.h"', '', 'namespace vim {', '']
        for t in self.model.of('enum'):
            if t.area == area:
                out += self.enum_body(t)
        for t in self.sorted_types(area):
            out += self.struct_body(t)
        return out + ['}  // namespace vim']

    def calls_of(self, area):
        return [m for t in self.model.of('managed') if t.area == area for m in t.methods]

    def calls_header(self, area):
        out = [f'// The requests of schema/{area}.api; made, do not edit.', '#pragma once', '',
               '#include "vim/gen/fwd.h"', '', 'namespace vim::call {', '']
        for m in self.calls_of(area):
            out += self.call(m) + ['']
        return out + ['}  // namespace vim::call']

    def calls_source(self, area):
        out = [f'// The requests of schema/{area}.api; made, do not edit.', '#include <cstddef>',
               '#include "vim/gen/all.h"', f'#include "vim/gen/calls_{area}.h"', '#include "vim/slots.h"', '',
               'namespace vim::call {', '']
        for m in self.calls_of(area):
            out += self.call_body(m)
        return out + ['}  // namespace vim::call']

    def forward(self):
        out = ['// Names of everything in the schema; made, do not edit.', '#pragma once', '', '#include <optional>',
               '#include <vector>', '', '#include "vim/managed.h"', '#include "vim/slots.h"', '', 'namespace vim {', '']
        out += [f'struct {t.name};' for t in self.model.of('data', 'fault', 'managed') if t.name != 'ManagedObject']
        out += [f'enum class {t.name} : std::uint8_t;' for t in self.model.of('enum')]
        return out + ['', '}  // namespace vim']

    def tables(self):
        out = ['// The list of everything in the schema; made, do not edit.', '#include "vim/gen/all.h"']
        out += [f'#include "vim/gen/calls_{a}.h"' for a in self.model.areas]
        out += ['', 'namespace vim {', '', 'static constinit const Type* const kTypes[] = {']
        out += [f'    &k{t.name}Type,' if t.kind == 'enum' else f'    &{t.name}::kType,' for t in self.model.types.values()]
        out += ['};', 'static constinit const Method* const kMethods[] = {']
        out += [f'    &call::{call_name(m)}::kMethod,' for m in self.model.methods()]
        return out + ['};', 'std::span<const Type* const> AllTypes() { return kTypes; }',
                      'std::span<const Method* const> AllMethods() { return kMethods; }', '', '}  // namespace vim']

    def files(self):
        """Name in the output folder -> lines."""
        out = {'fwd.h': self.forward(), 'tables.cpp': self.tables()}
        out['all.h'] = ['// Every data object and managed object.', '#pragma once'] + \
            [f'#include "vim/gen/{a}.h"' for a in self.model.areas]
        for a in self.model.areas:
            out[f'{a}.h'], out[f'{a}.cpp'] = self.header(a), self.source(a)
            out[f'calls_{a}.h'], out[f'calls_{a}.cpp'] = self.calls_header(a), self.calls_source(a)
        return out


def quote(text):
    return '"' + text.replace('\\', '\\\\').replace('"', '\\"') + '"'
