"""Which folder of src/ may include which: its CMakeLists.txt declares them (DEPS), and the
levels of docs/architecture.md bound what may be declared."""

import re

LEVELS = [
    {"base"},
    {"rt", "net", "codec"},
    {"vim", "inventory", "store"},
    {"client", "backend", "platform"},
    {"task", "access", "event", "perf", "vm", "host", "storage", "network", "update", "cluster"},
    {"api", "monitor", "cli", "console", "shell", "installer", "recovery"},
    {"app"},
]
LEVEL = {name: number for number, names in enumerate(LEVELS) for name in names}

# Declared or not, these never hold; the reason is what the finding says.
NEVER = [
    ("vm", {"net", "api"}, "a rule must run in a test without a socket"),
    ("storage", {"net", "api"}, "a rule must run in a test without a socket"),
    ("host", {"net", "api"}, "a rule must run in a test without a socket"),
    ("backend", {"inventory", "vim"}, "a backend reports; it does not know who listens"),
    ("platform", {"inventory", "vim"}, "a platform reports; it does not know who listens"),
    ("api", {"backend"}, "a handler talks to a subject, not to QEMU"),
    ("cli", {"vm", "host", "storage", "access"}, "it is a client of the API like any other"),
    ("console", {"vm", "host", "storage", "access"}, "it is a client of the API like any other"),
]
# Compile time, and one place for cancellation.
ASIO = {"base", "rt", "net"}

DECLARATION = re.compile(r"bedplate_folder\(\s*(\w+)([^)]*)\)")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def declared(root):
    """Folder -> the folders that it says it uses."""
    out = {}
    for file in sorted((root / "src").glob("*/CMakeLists.txt")):
        for name, rest in DECLARATION.findall(file.read_text()):
            deps = re.search(r"\bDEPS\b(.*?)(?:\bLINK\b|$)", rest, re.S)
            out[name] = set(deps.group(1).split()) if deps else set()
    return out


def circle(deps):
    """One circle of declared arrows as 'a -> b -> a', or nothing."""
    done = set()

    def walk(name, path):
        if name in path:
            return " -> ".join([*path[path.index(name):], name])
        if name in done:
            return None
        found = next(filter(None, (walk(d, [*path, name]) for d in sorted(deps.get(name, ())))), None)
        done.add(name)
        return found

    return next(filter(None, (walk(name, []) for name in sorted(deps))), None)


def declaration_findings(deps):
    for name, uses in deps.items():
        where = f"src/{name}/CMakeLists.txt:1:"
        if name not in LEVEL:
            yield f"{where} {name} has no level; give it one in tools/check/arrows.py"
            continue
        for dep in sorted(uses):
            if dep not in LEVEL:
                yield f"{where} {name} names {dep}, which is no folder"
            elif LEVEL[dep] > LEVEL[name]:
                yield f"{where} {name} (level {LEVEL[name]}) must not use {dep} (level {LEVEL[dep]}), which is above it"
    loop = circle(deps)
    if loop:
        yield f"src/CMakeLists.txt:1: folders use each other in a circle: {loop}"


def include_finding(folder, uses, quote, path):
    """Why this include must not be, or nothing."""
    target = path.split("/")[0]
    if quote == "<":
        if path.startswith("boost/asio") and folder not in ASIO:
            return "only base, rt and net include Asio; use rt/co.h and what rt offers"
        if path.startswith("boost/beast") and not path.endswith("/src.hpp") and folder != "net":
            return "only net includes Beast"
        return None
    if target == folder:
        return None
    for name, banned, why in NEVER:
        if name == folder and target in banned:
            return f"{folder} never includes {target}: {why}"
    if target not in LEVEL:
        return f'"{path}" does not begin with a folder of src/'
    if target not in uses and folder != "app":       # app joins everything
        return f"{folder} includes {target} but src/{folder}/CMakeLists.txt does not name it"
    return None


def findings(root):
    deps = declared(root)
    out = list(declaration_findings(deps))
    for file in sorted((root / "src").rglob("*")):
        if file.suffix not in {".h", ".cpp"} or file.name.startswith("pch."):
            continue
        folder = file.relative_to(root / "src").parts[0]
        for number, line in enumerate(file.read_text().splitlines(), 1):
            match = INCLUDE.match(line)
            why = match and include_finding(folder, deps.get(folder, set()), *match.groups())
            if why:
                out.append(f"{file.relative_to(root)}:{number}: {why}")
    return out
