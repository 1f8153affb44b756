#!/usr/bin/env python3
"""Makes C++, the WSDL and the API reference out of schema/*.api.

    apigen.py --schema DIR --out DIR      writes DIR/vim/gen/*, DIR/vimService.wsdl, DIR/api.html
    apigen.py --schema DIR --list         names the files that it would write, one a line
    apigen.py --schema DIR --check        reads and checks the schema, says what is in it
"""
import argparse
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cpp import Cpp                       # noqa: E402
from model import Model, SchemaError, parse   # noqa: E402
import reference                          # noqa: E402
import wsdl                               # noqa: E402


def load(folder):
    types = []
    for name in sorted(os.listdir(folder)):
        if name.endswith('.api'):
            with open(os.path.join(folder, name), encoding='utf-8') as file:
                types += parse(file.read(), name[:-4])
    return Model(types)


def write(path, text):
    """Leaves an unchanged file alone, so that nothing is compiled again for it."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if os.path.exists(path):
        with open(path, encoding='utf-8') as file:
            if file.read() == text:
                return
    with open(path, 'w', encoding='utf-8') as file:
        file.write(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--schema', required=True)
    parser.add_argument('--out')
    parser.add_argument('--list', action='store_true')
    parser.add_argument('--check', action='store_true')
    options = parser.parse_args()
    try:
        model = load(options.schema)
    except SchemaError as error:
        print(f'apigen: {error}', file=sys.stderr)
        return 1
    files = {f'vim/gen/{name}': '\n'.join(lines) + '\n' for name, lines in Cpp(model).files().items()}
    if options.list:
        print('\n'.join(sorted(files)))
    elif options.check:
        methods = model.methods()
        served = sum(not m.unsupported for m in methods)
        print(f'{len(model.types)} types, {len(methods)} methods, {served} of them served')
    else:
        files['vimService.wsdl'] = wsdl.text(model)
        files['api.html'] = reference.text(model)
        for name, content in files.items():
            write(os.path.join(options.out, name), content)
    return 0


if __name__ == '__main__':
    sys.exit(main())
