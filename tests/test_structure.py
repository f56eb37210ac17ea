"""The house stays in order: the size of its folders, imports, names, the tests beside it, and lengths.

``lint-imports`` checks in which direction packages import each other; everything else about the source is checked here.
"""

import ast
import dataclasses
import functools
import graphlib
import re
import statistics
import tomllib
from collections.abc import Iterator
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = "densebench"
MOST_MODULES = 16  # in one folder
MOST_LINES = 300  # of a file
MOST_FUNCTION_LINES = 45


@dataclasses.dataclass(kw_only=True, eq=False)
class Source:
    """One Python file; ``module`` is its dotted name."""

    path: Path  # from the root of the repository
    module: str
    text: str
    tree: ast.Module

    @functools.cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        return tuple(ast.walk(self.tree))

    @property
    def is_package(self) -> bool:
        return self.path.name == "__init__.py"


def sources(*folders: str) -> tuple[Source, ...]:
    return tuple(read(path) for folder in folders for path in sorted((ROOT / folder).rglob("*.py")))


@functools.cache
def read(path: Path) -> Source:
    inside = path.relative_to(ROOT)
    text = path.read_text(encoding="utf-8")
    module = ".".join(inside.with_suffix("").parts).removesuffix(".__init__")
    return Source(path=inside, module=module, text=text, tree=ast.parse(text))


# Folders and imports


def test_no_folder_has_more_modules_than_one_can_survey():
    folders: dict[str, list[str]] = {}
    for source in sources(PACKAGE):
        if not source.is_package:
            folders.setdefault(str(source.path.parent), []).append(source.path.name)
    assert {folder: len(names) for folder, names in folders.items() if len(names) > MOST_MODULES} == {}


def test_no_module_imports_itself_by_way_of_others_not_even_inside_a_function():
    graph = grimp.build_graph(PACKAGE, cache_dir=None)
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    try:
        graphlib.TopologicalSorter(imports).prepare()
    except graphlib.CycleError as error:
        pytest.fail(" -> ".join(reversed(error.args[1])))


def test_every_package_has_its_place_among_the_layers():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    placed = {name for layer in contracts[0]["layers"] for name in re.findall(r"[\w.]+", layer)}
    outermost = {".".join(source.module.split(".")[:2]) for source in sources(PACKAGE)}
    assert outermost - {PACKAGE, f"{PACKAGE}.__main__"} == placed


def test_a_name_is_imported_from_the_module_that_defines_it():
    """The public API in ``densebench/__init__.py`` is the only other way to a name."""
    modules = {source.module: set(definitions(source)) for source in sources(PACKAGE)}
    detours = [
        f"{source.path}:{line}: {name} is not defined in {module}"
        for source in sources(PACKAGE, "tests", "benchmarks")
        for module, name, line in imported_names(source)
        if module in modules and module != PACKAGE and f"{module}.{name}" not in modules
        if name not in modules[module] and not name.startswith("__")
    ]
    assert detours == []


# Names


def test_a_name_that_no_other_file_uses_is_private():
    """But for entry points, Typer's commands, and the types of a public function's values."""
    used = set(users_of_names()) | entry_points()
    needless = [
        f"{source.module}.{name}"
        for source in sources(PACKAGE)
        if source.module != PACKAGE
        for name in definitions(source)
        if not name.startswith("_") and (source.module, name) not in used
        if name not in commands() | types_of_interfaces(source)
    ]
    assert needless == []


def test_a_private_name_is_used_in_its_own_module_only():
    """Tests may look inside."""
    modules = {source.module for source in sources(PACKAGE)}
    trespassers = [
        f"{user}: {module}.{name}"
        for (module, name), users in users_of_names().items()
        if module in modules and name.startswith("_") and not name.startswith("__")
        for user in users
        if user in modules
    ]
    assert trespassers == []


@functools.cache
def users_of_names() -> dict[tuple[str, str], set[str]]:
    """(module, name) -> modules of other files that use it."""
    found: dict[tuple[str, str], set[str]] = {}
    for source in sources(PACKAGE, "tests", "benchmarks"):
        for module, name in used_names(source):
            if module != source.module:
                found.setdefault((module, name), set()).add(source.module)
    return found


def used_names(source: Source) -> Iterator[tuple[str, str]]:
    yield from ((module, name) for module, name, _ in imported_names(source))
    modules = {source.module for source in sources(PACKAGE)}
    aliases = module_aliases(source, modules)
    looked_into: set[ast.AST] = set()
    for node in source.nodes:
        match node:
            case ast.Attribute(value=ast.Name(id=alias)) if alias in aliases:
                looked_into.add(node.value)
                yield aliases[alias], node.attr
            case ast.Call(
                func=ast.Attribute(attr="setattr"), args=[ast.Name(id=alias) as target, ast.Constant(value=name), *_]
            ) if alias in aliases:
                looked_into.add(target)
                yield aliases[alias], str(name)
            case ast.Constant(value=str(text)):
                yield from named_in_text(text, modules)
    # A module that is passed on as a value stands for all of its public functions.
    for node in source.nodes:
        if isinstance(node, ast.Name) and node.id in aliases and node not in looked_into:
            yield from ((aliases[node.id], name) for name in functions_of(aliases[node.id]))


def imported_names(source: Source) -> Iterator[tuple[str, str, int]]:
    for node in source.nodes:
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield from ((node.module, alias.name, node.lineno) for alias in node.names)


def module_aliases(source: Source, modules: set[str]) -> dict[str, str]:
    aliases = {}
    for node in source.nodes:
        if isinstance(node, ast.ImportFrom):
            names = [(alias.asname or alias.name, f"{node.module}.{alias.name}") for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [(alias.asname, alias.name) for alias in node.names if alias.asname]
        else:
            continue
        aliases.update({short: full for short, full in names if full in modules})
    return aliases


def named_in_text(text: str, modules: set[str]) -> Iterator[tuple[str, str]]:
    """``densebench.a.b.name`` and ``from densebench.a.b import name``, as programs for other processes have them."""
    for module, name in re.findall(rf"\b({PACKAGE}[\w.]*)\.(\w+)", text):
        if module in modules:
            yield module, name
    for module, names in re.findall(rf"\bfrom ({PACKAGE}[\w.]*) import ([\w, ]+)", text):
        yield from ((module, name.strip()) for name in names.split(","))


def functions_of(module: str) -> list[str]:
    (source,) = (source for source in sources(PACKAGE) if source.module == module)
    return [node.name for node in source.tree.body if isinstance(node, ast.FunctionDef) if node.name[0] != "_"]


def definitions(source: Source) -> Iterator[str]:
    """Names that are defined at the level of the module, those for type checkers included."""
    for node in statements(source.tree.body):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.Assign(targets=targets):
                yield from (each.id for target in targets for each in ast.walk(target) if isinstance(each, ast.Name))
            case ast.AnnAssign(target=ast.Name(id=name)):
                yield name


def statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    for node in body:
        if isinstance(node, ast.If | ast.Try):
            yield from statements([*node.body, *node.orelse])
        else:
            yield node


@functools.cache
def entry_points() -> set[tuple[str, str]]:
    """What the installed script calls, and ``main`` of modules that run by ``python -m``."""
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    called = {(module, name) for module, _, name in (target.partition(":") for target in scripts.values())}
    return called | {(source.module, "main") for source in sources(PACKAGE) if "__main__" in source.text}


@functools.cache
def commands() -> set[str]:
    """Functions that Typer calls: registered by ``app.command(...)(name)``, or decorated by ``@app.callback(...)``."""
    called: set[str] = set()
    for source in sources(f"{PACKAGE}/cli"):
        called |= set(re.findall(r"\.command\([^)]*\)\((\w+)\)", source.text))
        called |= set(re.findall(r"^@\w+\.(?:command|callback)\b.*\ndef (\w+)", source.text, re.MULTILINE))
    return called


@functools.cache
def types_of_interfaces(source: Source) -> set[str]:
    """Names in the annotations of public functions, methods and fields: callers handle these types without the name."""
    words: set[str] = set()
    for node in statements(source.tree.body):
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            words |= annotation_words(node)
        elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            words |= {word for base in node.bases for word in re.findall(r"\w+", ast.unparse(base))}
            for member in node.body:
                if isinstance(member, ast.FunctionDef) and not re.match(r"_(?!_)", member.name):
                    words |= annotation_words(member)
                elif isinstance(member, ast.AnnAssign):
                    words |= set(re.findall(r"\w+", ast.unparse(member.annotation)))
        elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value and type_alias(node):
            words |= set(re.findall(r"\w+", ast.unparse(node.value)))
    return words


def annotation_words(function: ast.FunctionDef) -> set[str]:
    arguments = function.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    annotations = [function.returns, *(argument.annotation for argument in every if argument)]
    return {word for each in annotations if each for word in re.findall(r"\w+", ast.unparse(each))}


def type_alias(node: ast.Assign | ast.AnnAssign) -> bool:
    """``Floats = NDArray[np.float32]`` and the like: one public name in CamelCase."""
    target = node.targets[0] if isinstance(node, ast.Assign) else node.target
    return isinstance(target, ast.Name) and bool(re.match(r"[A-Z][a-z]", target.id))


# Tests beside the package


def test_every_module_has_a_test_file_of_its_name_or_a_row_in_the_table():
    untested = {str(source.path) for source in sources(PACKAGE) if has_code(source) and not mirror(source).exists()}
    assert untested == {module for module, _ in table_of_neighbours()}


def test_the_table_names_tests_that_exist():
    assert [test for _, tests in table_of_neighbours() for test in tests if not (ROOT / test).exists()] == []


def test_a_test_file_mirrors_a_module_or_says_what_it_is_about():
    """Tests of several modules at once stand beside those of their package, with a docstring."""
    mirrors = {mirror(source) for source in sources(PACKAGE)}
    unexplained = [
        str(source.path)
        for source in sources("tests")
        if source.path.name.startswith("test_") and ROOT / source.path not in mirrors
        if ast.get_docstring(source.tree) is None
    ]
    assert unexplained == []


def mirror(source: Source) -> Path:
    """``densebench/a/b.py`` -> ``tests/a/test_b.py``; ``densebench/a/__init__.py`` -> ``tests/a/test_a.py``."""
    inside = source.path.relative_to(PACKAGE)
    name = source.path.parent.name if source.is_package else inside.stem.strip("_")
    return ROOT / "tests" / inside.parent / f"test_{name}.py"


def has_code(source: Source) -> bool:
    """Whether there is more than a docstring, constants and imports."""
    return any(isinstance(node, ast.FunctionDef | ast.ClassDef) for node in source.tree.body)


def table_of_neighbours() -> list[tuple[str, list[str]]]:
    """(module, tests that cover it) of each row in ``tests/README.md``."""
    text = (ROOT / "tests/README.md").read_text(encoding="utf-8")
    rows = re.findall(rf"^\| `({PACKAGE}/[\w/]+\.py)` \| ([^|]*) \|", text, re.MULTILINE)
    return [(module, re.findall(r"`([^`]+)`", tests)) for module, tests in rows]


def dotted(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


# Lengths


def test_no_file_is_too_long_to_be_read_in_one_go(capsys):
    lengths = {str(source.path): source.text.count("\n") for source in sources(PACKAGE) if has_code(source)}
    longest = max(lengths, key=lengths.__getitem__)
    with capsys.disabled():
        print(f"\nlines a file: median {statistics.median(lengths.values()):.0f}, longest {longest} {lengths[longest]}")
    too_long = {str(source.path): lengths.get(str(source.path), 0) for source in sources(PACKAGE)}
    assert {path: lines for path, lines in too_long.items() if lines > MOST_LINES} == {}


def test_no_function_is_longer_than_a_screen():
    """Typer's commands are lists of options, and as long as those are many."""
    too_long = [
        f"{source.path}:{node.lineno} {node.name}"
        for source in sources(PACKAGE)
        for node in source.nodes
        if isinstance(node, ast.FunctionDef) and node.name not in commands()
        if (node.end_lineno or 0) - node.lineno + 1 > MOST_FUNCTION_LINES
    ]
    assert too_long == []
