"""The description document that SOAP clients such as suds build themselves from."""
from xml.sax.saxutils import escape
from model import NEVER, SCALARS, call_name


def xsd_type(f):
    if f.ref:
        return 'vim25:ManagedObjectReference'
    return f'xsd:{f.type}' if f.type in SCALARS else f'vim25:{f.type}'


def element(f):
    least = '0' if f.optional or f.arity == 'maybe' else '1'
    most = ' maxOccurs="unbounded"' if f.arity == 'many' else ''
    bound = f' minOccurs="{least}"' if least == '0' else ''
    return f'<element name="{f.name}" type="{xsd_type(f)}"{bound}{most}/>'


def complex_type(name, fields, base=''):
    body = '<sequence>' + ''.join(element(f) for f in fields if f.since != NEVER) + '</sequence>'
    if base:
        body = f'<complexContent><extension base="vim25:{base}">{body}</extension></complexContent>'
    return f'<complexType name="{name}">{body}</complexType>'


def array_types(model):
    """ArrayOfX for whatever can be in an anyType."""
    names = [t.name for t in model.types.values() if t.kind in ('data', 'fault', 'enum')]
    for name in sorted(names):
        yield array(f'{name[0].upper()}{name[1:]}', name, f'vim25:{name}')
    for name, upper in [('string', 'String'), ('int', 'Int'), ('long', 'Long'), ('short', 'Short'), ('byte', 'Byte'),
                        ('double', 'Double'), ('boolean', 'Boolean'), ('anyURI', 'AnyURI'), ('anyType', 'AnyType')]:
        yield array(upper, name, f'xsd:{name}')
    yield array('ManagedObjectReference', 'ManagedObjectReference', 'vim25:ManagedObjectReference')


def array(suffix, child, kind):
    return (f'<complexType name="ArrayOf{suffix}"><sequence><element name="{child}" type="{kind}" minOccurs="0" '
            f'maxOccurs="unbounded"/></sequence></complexType>')


REFERENCE = ('<complexType name="ManagedObjectReference"><simpleContent><extension base="xsd:string">'
             '<attribute name="type" type="xsd:string"/></extension></simpleContent></complexType>')


def schema(model):
    out = ['<schema xmlns="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:vim25" elementFormDefault="qualified">',
           REFERENCE, complex_type('DynamicData', [])]
    for t in model.of('data', 'fault'):
        out.append(complex_type(t.name, t.fields, t.base or ('DynamicData' if t.kind == 'data' else '')))
    for t in model.of('enum'):
        values = ''.join(f'<enumeration value="{escape(v)}"/>' for v in t.values)
        out.append(f'<simpleType name="{t.name}"><restriction base="xsd:string">{values}</restriction></simpleType>')
    out += array_types(model)
    for t in model.of('fault'):
        out.append(f'<element name="{t.name}Fault" type="vim25:{t.name}"/>')
    this = '<element name="_this" type="vim25:ManagedObjectReference"/>'
    for m in model.methods():
        body = this + ''.join(element(p) for p in m.params)
        out.append(f'<complexType name="{call_name(m)}RequestType"><sequence>{body}</sequence></complexType>')
        out.append(f'<element name="{m.name}" type="vim25:{call_name(m)}RequestType"/>')
        result = ''
        if m.task:
            result = '<element name="returnval" type="vim25:ManagedObjectReference"/>'
        elif m.result.type != 'void':
            result = element(m.result)
        out.append(f'<element name="{m.name}Response"><complexType><sequence>{result}</sequence></complexType></element>')
    return out + ['</schema>']


def operations(model):
    messages, port, binding = [], [], []
    for f in model.of('fault'):
        messages.append(f'<message name="{f.name}Fault"><part name="fault" element="vim25:{f.name}Fault"/></message>')
    for m in model.methods():
        faults = sorted(set(m.faults) | {'RuntimeFault'})
        messages.append(f'<message name="{m.name}RequestMsg"><part name="parameters" element="vim25:{m.name}"/></message>')
        messages.append(f'<message name="{m.name}ResponseMsg"><part name="parameters" element="vim25:{m.name}Response"/></message>')
        port.append(f'<operation name="{m.name}"><input message="vim25:{m.name}RequestMsg"/>'
                    f'<output message="vim25:{m.name}ResponseMsg"/>'
                    + ''.join(f'<fault name="{f}" message="vim25:{f}Fault"/>' for f in faults) + '</operation>')
        binding.append(f'<operation name="{m.name}"><soap:operation soapAction="urn:vim25/6.0" style="document"/>'
                       '<input><soap:body use="literal"/></input><output><soap:body use="literal"/></output>'
                       + ''.join(f'<fault name="{f}"><soap:fault name="{f}" use="literal"/></fault>' for f in faults)
                       + '</operation>')
    return messages, port, binding


def text(model):
    messages, port, binding = operations(model)
    out = ['<?xml version="1.0" encoding="UTF-8"?>',
           '<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" '
           'xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:vim25="urn:vim25" targetNamespace="urn:vim25">',
           '<types>', *schema(model), '</types>', *messages,
           '<portType name="VimPortType">', *port, '</portType>',
           '<binding name="VimBinding" type="vim25:VimPortType">'
           '<soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>', *binding, '</binding>',
           '<service name="VimService"><port name="VimPort" binding="vim25:VimBinding">'
           '<soap:address location="https://localhost/sdk/vimService"/></port></service>', '</definitions>']
    return '\n'.join(out) + '\n'
