"""Names and docstrings are plain English: domain nouns and active verbs, and one word for one thing."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "stackgen"
# Scripts whose text is an input of cloud resources. A change of it needs `make provider-truth`, so they wait for one.
NOT_YET = (
    "providers.shared.program.mlflow_files.mlflow_reader",
    "providers.shared.program.open_inference_tunnel.front",
)

# Words that say nothing of what a thing is.
IN_NAMES = re.compile(r"(?:^|_)(?:found|told|nobody|somebody|its|mine|whoever|beside)(?:_|$)")
IN_DOCSTRINGS = re.compile(r"(?<![\w-])(?:found|told|nobody|somebody|mine|whoever)(?![\w-])", re.IGNORECASE)
# `beside:` is a key of the spec, a public format.
KEYS_OF_THE_SPEC = {"spec.stack: ComponentOverride.beside"}
# The name of an exit code in Pulumi's published taxonomy.
NAMES_OF_PULUMI = {"errors: ExitCode.NOT_FOUND"}

# A function is a verb or the noun that it returns. A participle hides both.
PARTICIPLE = re.compile(
    r"[a-z]+(?:ed|en|own)|begun|kept|lost|said|told|made|held|set|found|caught|left|put|sent|built|read_by"
)
NO_PARTICIPLES = re.compile(
    r"(?:need|feed|seed|embed|speed|shorten|exceed|proceed|shed|open|then|when|listen|even|token|golden|down|own|set|put)"
)

# The first word of a docstring that names neither an action nor a thing.
NO_FIRST_WORDS = frozenset(
    [
        "what",
        "which",
        "whose",
        "whether",
        "how",
        "where",
        "who",
        "whom",
        "when",
        "why",
        "that",
        "those",
        "these",
        "this",
        "it",
        "as",
        "if",
        "but",
        "and",
        "or",
        "so",
        "while",
        "since",
        "though",
        "nobody",
        "somebody",
        "whoever",
        "anyone",
        "once",
        "also",
        "now",
    ]
)

# Modules that are copied into users' programs, where they run without stackgen.
IN_PROGRAMS = re.compile(r"providers\.(?P<provider>\w+)\.program\.(?P<package>\w+)")
SHARED = "shared"  # modules of this folder are copied into programs of every provider

# Names that several packages may have.
ALLOWED_TWICE = {
    "main": "the entry point of a process",
    "run": "the entry point of every command in `cli/`",
    "Settings": "the settings of an implementation, in its `implementation.py`",
}

pytestmark = pytest.mark.unit


@dataclass(frozen=True)
class Named:
    """A public name. module: below stackgen, with dots. name: with its class or function in front."""

    module: str
    name: str
    kind: str  # module, class, function, parameter, field, constant
    docstring: str | None = None
    is_property: bool = False
    top: bool = False

    @property
    def provider(self) -> str | None:
        """The provider into whose programs the module is copied; None for a module of stackgen itself."""
        match = IN_PROGRAMS.match(self.module)
        return match["provider"] if match else None

    @property
    def package(self) -> str:
        """The top package or module: below stackgen, or of the program that it is copied into."""
        match = IN_PROGRAMS.match(self.module)
        return match["package"] if match else self.module.split(".")[0]

    @property
    def word(self) -> str:
        """The name alone."""
        return self.name.rpartition(".")[2]

    def __str__(self) -> str:
        return f"{self.module}: {self.name}"


def _names_in(source: str, module: str) -> Iterator[Named]:
    tree = ast.parse(source)
    yield Named(module, module.rpartition(".")[2], "module", ast.get_docstring(tree))
    yield from _names_of(tree, module, "")


def _names_of(node: ast.Module | ast.ClassDef, module: str, above: str) -> Iterator[Named]:
    top = isinstance(node, ast.Module)
    for child in node.body:
        match child:
            case ast.FunctionDef() | ast.AsyncFunctionDef() if _is_public(child.name):
                decorators = {ast.unparse(item).rpartition(".")[2] for item in child.decorator_list}
                is_property = bool(decorators & {"property", "cached_property"})
                name = f"{above}{child.name}"
                yield Named(module, name, "function", ast.get_docstring(child), is_property, top)
                for parameter in _parameters(child.args):
                    yield Named(module, f"{name}.{parameter}", "parameter")
            case ast.ClassDef() if _is_public(child.name):
                yield Named(module, f"{above}{child.name}", "class", ast.get_docstring(child), top=top)
                yield from _names_of(child, module, f"{above}{child.name}.")
            case ast.AnnAssign(target=ast.Name(id=name)) if _is_public(name):
                yield Named(module, f"{above}{name}", "constant" if top else "field")
            case ast.Assign():
                names = [target.id for target in child.targets if isinstance(target, ast.Name)]
                kind = "constant" if top else "field"
                yield from (Named(module, f"{above}{name}", kind) for name in names if _is_public(name))
            case _:
                pass


def _parameters(arguments: ast.arguments) -> Iterator[str]:
    every = (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
    yield from (item.arg for item in every if _is_public(item.arg))


def _is_public(name: str) -> bool:
    return not name.startswith("_")


def _public_names() -> list[Named]:
    names: list[Named] = []
    for path in sorted(SOURCE.rglob("*.py")):
        module = ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__")
        if module not in NOT_YET:
            names += _names_in(path.read_text(encoding="utf-8"), module)
    return names


NAMES = _public_names()


def _riddles(names: list[Named]) -> list[str]:
    said = [str(item) for item in names if IN_NAMES.search(item.word.lower())]
    return [name for name in said if name not in KEYS_OF_THE_SPEC | NAMES_OF_PULUMI]


def _vague_docstrings(names: list[Named]) -> list[str]:
    return [
        f"{item}: {word.group()}" for item in names for word in IN_DOCSTRINGS.finditer(item.docstring or "")
    ]


def _participles(names: list[Named]) -> list[str]:
    return [
        str(item)
        for item in names
        if item.kind == "function" and not item.is_property and _is_participle(item.word.split("_")[0])
    ]


def _is_participle(word: str) -> bool:
    return bool(PARTICIPLE.fullmatch(word)) and not NO_PARTICIPLES.fullmatch(word)


def _homonyms(names: list[Named]) -> dict[str, list[str]]:
    """Name → the packages that have it, of those that run in one process.

    Packages of stackgen are one such set. A generated program is another one: it runs without stackgen, and consists of
    the shared packages and the packages of its provider. Two providers may use one word, as `naming.bound_name` of
    `aws_platform` and `gcp_platform`: they do the same, and no provider's package imports another one's.
    """
    providers = {item.provider for item in names} - {None, SHARED}
    sets = [{None}, {SHARED}, *({SHARED, provider} for provider in sorted(map(str, providers)))]
    found: dict[str, set[str]] = {}
    for together in sets:
        for word, packages in _packages_of([item for item in names if item.provider in together]).items():
            if len(packages) > 1:
                found.setdefault(word, set()).update(packages)
    return {word: sorted(where) for word, where in found.items() if word not in ALLOWED_TWICE}


def _packages_of(names: list[Named]) -> dict[str, set[str]]:
    packages: dict[str, set[str]] = {}
    for item in names:
        if item.top and item.kind in {"function", "class"}:
            packages.setdefault(item.word, set()).add(item.package)
    return packages


def _questions(names: list[Named]) -> list[str]:
    return [
        f"{item}: {item.docstring.splitlines()[0]}"
        for item in names
        if item.docstring and re.split(r"\W", item.docstring, maxsplit=1)[0].lower() in NO_FIRST_WORDS
    ]


def test_names_say_what_a_thing_is() -> None:
    assert _riddles(NAMES) == []


def test_docstrings_name_things() -> None:
    assert _vague_docstrings(NAMES) == []


def test_no_function_is_called_by_a_participle() -> None:
    assert _participles(NAMES) == []


def test_packages_share_no_public_name() -> None:
    assert _homonyms(NAMES) == {}


def test_docstrings_begin_with_a_verb_or_a_noun() -> None:
    assert _questions(NAMES) == []


def test_modules_still_to_be_rewritten_exist() -> None:
    modules = [Path(*name.split(".")).with_suffix(".py") for name in NOT_YET]
    assert [name for name in modules if not (SOURCE / name).exists()] == []


WRONG = '''"""Whether a thing is told to somebody."""
MOST_FOUND = 1

def told(its):
    """Say it."""

class Beside:
    """A thing."""
    mine: int

    def kept_parts(self):
        """What is kept."""

    @property
    def changed(self):
        """Say whether it changed."""
'''


def test_each_rule_sees_what_breaks_it() -> None:
    names = list(_names_in(WRONG, "swap.wrong"))
    assert _riddles(names) == [
        "swap.wrong: MOST_FOUND",
        "swap.wrong: told",
        "swap.wrong: told.its",
        "swap.wrong: Beside",
        "swap.wrong: Beside.mine",
    ]
    assert _vague_docstrings(names) == ["swap.wrong: wrong: told", "swap.wrong: wrong: somebody"]
    assert _participles(names) == ["swap.wrong: told", "swap.wrong: Beside.kept_parts"]
    assert _questions(names) == [
        "swap.wrong: wrong: Whether a thing is told to somebody.",
        "swap.wrong: Beside.kept_parts: What is kept.",
    ]
    assert _homonyms([*names, *_names_in(WRONG, "spec.wrong")]) == {
        "told": ["spec", "swap"],
        "Beside": ["spec", "swap"],
    }


@pytest.mark.parametrize(
    ("first", "second", "packages"),
    [
        ("swap.wrong", "providers.aws.program.aws_platform.wrong", None),
        ("providers.gcp.program.gcp_platform.wrong", "providers.aws.program.aws_platform.wrong", None),
        ("providers.aws.program.aws_platform.wrong", "providers.aws.program.aws_platform.other", None),
        (
            "providers.shared.program.roles",
            "providers.aws.program.aws_platform.wrong",
            ["aws_platform", "roles"],
        ),
        ("providers.shared.program.roles", "providers.shared.program.files.wrong", ["files", "roles"]),
        ("providers.aws.wrong", "swap.wrong", ["providers", "swap"]),
    ],
)
def test_homonyms_are_names_of_one_process(first: str, second: str, packages: list[str] | None) -> None:
    names = [*_names_in(WRONG, first), *_names_in(WRONG, second)]
    assert _homonyms(names) == ({"told": packages, "Beside": packages} if packages else {})
