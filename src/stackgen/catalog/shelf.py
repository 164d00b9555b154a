"""Finds what is on the shelf: capabilities, implementations and providers, by their paths alone."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from stackgen.errors import StackgenError

if TYPE_CHECKING:
    from stackgen.descriptors.model import Capability, Implementation
    from stackgen.descriptors.provider import Provider

BUILT_IN = Path(__file__).parent
PROVIDERS = BUILT_IN.parent / "providers"
SHARED = PROVIDERS / "shared"  # modules of every program
FOUNDATION = "foundation"  # the capability of what components stand on; its folders are below their provider


@dataclass(frozen=True)
class Entry:
    """One implementation's folder: `<capability>/<provider>_<name>/`, that of a foundation below its provider."""

    capability: str
    folder: Path
    package: str | None  # dotted name where the folder is part of an installed package

    @cached_property
    def provider(self) -> str:
        """The provider it lives on: the folder's first word."""
        return self.folder.name.partition("_")[0]

    @cached_property
    def id(self) -> str:
        """`<provider>/<name>`, as a spec writes it."""
        provider, _, name = self.folder.name.partition("_")
        return f"{provider}/{name.replace('_', '-')}"

    @cached_property
    def class_name(self) -> str:
        """Name of the ComponentResource in component.py: the folder's name in CamelCase."""
        return "".join(word.capitalize() for word in self.folder.name.split("_"))

    @cached_property
    def implementation(self) -> Implementation:
        """The descriptor; raises StackgenError(catalog-invalid) if the folder's module is not usable."""
        from stackgen.descriptors.model import Implementation

        return _constant(self.folder / "implementation.py", self.package, "IMPLEMENTATION", Implementation)

    def files(self) -> tuple[Path, ...]:
        """Everything below `files/`, sorted; copied beside the component."""
        return tuple(
            path
            for path in sorted((self.folder / "files").rglob("*"))
            if path.is_file() and "__pycache__" not in path.parts
        )


class Shelf:
    """All capabilities and implementations that the given roots hold; roots later in order win.

    lenient: leave out folders of no capability or provider; the caller reports them with other problems.
    """

    def __init__(self, roots: Iterable[Path] = (), *, lenient: bool = False) -> None:
        self.roots = (BUILT_IN, *roots)
        self.lenient = lenient
        self._capabilities: dict[str, Capability] = {}
        self._defaults: dict[tuple[str, str], Entry | None] = {}

    @cached_property
    def capability_names(self) -> tuple[str, ...]:
        """Names of all capabilities, sorted."""
        return tuple(
            sorted({path.parent.name for root in self.roots for path in root.glob("*/capability.py")})
        )

    @cached_property
    def capabilities(self) -> Mapping[str, Capability]:
        """Every capability by name."""
        return {name: self.capability(name) for name in self.capability_names}

    def capability(self, name: str) -> Capability:
        """One capability; raises KeyError if there is none of that name."""
        if name not in self._capabilities:
            self._capabilities[name] = self._load_capability(name)
        return self._capabilities[name]

    def _load_capability(self, name: str) -> Capability:
        from stackgen.descriptors.model import Capability

        for root in reversed(self.roots):
            path = root / name / "capability.py"
            if path.is_file():
                return _constant(path, _package(root, path.parent), "CAPABILITY", Capability)
        raise KeyError(name)

    @cached_property
    def implementations(self) -> Mapping[str, Mapping[str, Entry]]:
        """Capability → implementation id → its folder. No descriptor is loaded.

        Raises StackgenError(unknown-capability, unknown-provider) for a private folder that belongs to none.
        """
        entries: dict[str, dict[str, Entry]] = {name: {} for name in self.capability_names}
        for root in self.roots:
            for folder in implementation_folders(root):
                if root != BUILT_IN and self._is_misplaced(root, folder):
                    continue
                entry = Entry(folder.parent.name, folder, _package(root, folder))
                entries[entry.capability][entry.id] = entry
        return entries

    def _is_misplaced(self, root: Path, folder: Path) -> bool:
        from stackgen.catalog.checks.folders import find_misplaced

        problems = list(find_misplaced(root, folder, self.capability_names, self.provider_folders))
        if problems and not self.lenient:
            raise StackgenError(problems)
        return bool(problems)

    def default(self, capability: str, provider: str) -> Entry | None:
        """Return what `provider` offers for `capability` when the spec names no implementation."""
        key = capability, provider
        if key not in self._defaults:
            self._defaults[key] = self._find_default(capability, provider)
        return self._defaults[key]

    def _find_default(self, capability: str, provider: str) -> Entry | None:
        entries = [e for e in self.implementations[capability].values() if e.provider == provider]
        if len(entries) == 1:
            return entries[0]
        return next((entry for entry in entries if entry.implementation.default), None)

    @cached_property
    def provider_folders(self) -> Mapping[str, Path]:
        """Provider name → its folder (a private catalog brings its own under `providers/`)."""
        roots = (PROVIDERS, *(root / "providers" for root in self.roots[1:]))
        return {
            path.parent.name: path.parent for root in roots for path in sorted(root.glob("*/provider.py"))
        }

    def provider(self, name: str) -> Provider:
        """One provider's descriptor; raises KeyError if there is none of that name."""
        from stackgen.descriptors.provider import Provider

        folder = self.provider_folders[name]
        package = f"stackgen.providers.{name}" if folder.parent == PROVIDERS else None
        return _constant(folder / "provider.py", package, "PROVIDER", Provider)

    def operations(self, name: str) -> ModuleType | None:
        """A provider's `operations` module (status, logs of what runs there), if it has one."""
        folder = self.provider_folders[name]
        file, package = folder / "operations.py", f"stackgen.providers.{name}"
        if not file.is_file():
            return None
        if folder.parent == PROVIDERS:
            return _module(file, package)
        try:
            return _module(file, None)
        except (Exception, SystemExit) as error:
            from stackgen.catalog.checks.failures import loading_problem

            raise StackgenError(loading_problem(file, error)) from error


def implementation_folders(root: Path) -> list[Path]:
    """Folders of a catalog that have a descriptor."""
    return [file.parent for file in catalog_files(root, "*_*/implementation.py")]


def catalog_files(root: Path, pattern: str) -> list[Path]:
    """Files of implementations, below their capability, and of foundations, below their provider; sorted in each."""
    providers = PROVIDERS if root == BUILT_IN else root / "providers"
    return [*sorted(root.glob(f"*/{pattern}")), *sorted(providers.glob(f"*/{FOUNDATION}/{pattern}"))]


def _package(root: Path, folder: Path) -> str | None:
    """Dotted package of a built-in folder; None for a folder outside the package."""
    return ".".join(("stackgen", *folder.relative_to(BUILT_IN.parent).parts)) if root == BUILT_IN else None


def _module(path: Path, package: str | None) -> ModuleType:
    if package is not None:
        return importlib.import_module(f"{package}.{path.stem}")
    name = f"stackgen_catalog_{path.parent.parent.name}_{path.parent.name}_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is not a Python module")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # pydantic resolves annotations through it
    spec.loader.exec_module(module)
    return module


def _constant(path: Path, package: str | None, name: str, kind: type[Any]) -> Any:
    """The descriptor that a module defines. Raises StackgenError where a private one is not usable."""
    if package is not None:
        return getattr(_module(path, package), name)
    try:
        value = getattr(_module(path, package), name, None)
    except (Exception, SystemExit) as error:
        from stackgen.catalog.checks.failures import loading_problems

        raise StackgenError(loading_problems(path, error, name, kind)) from error
    if not isinstance(value, kind):
        from stackgen.catalog.checks.failures import missing_constant

        raise StackgenError(missing_constant(path, name, kind, value))
    from stackgen.catalog.checks.descriptor import check_descriptor
    from stackgen.catalog.checks.source import read_source

    return check_descriptor(value, read_source(path), name)
