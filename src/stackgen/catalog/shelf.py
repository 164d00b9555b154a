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

from stackgen.errors import Problem, StackgenError

if TYPE_CHECKING:
    from stackgen.descriptors.model import Capability, Implementation
    from stackgen.descriptors.provider import Provider

BUILT_IN = Path(__file__).parent
PROVIDERS = BUILT_IN.parent / "providers"
SHARED = PROVIDERS / "shared"  # modules of every program


@dataclass(frozen=True)
class Entry:
    """One implementation's folder: `<capability>/<provider>_<name>/`."""

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

        return _constant(
            _module(self.folder / "implementation.py", self.package), "IMPLEMENTATION", Implementation
        )

    def files(self) -> tuple[Path, ...]:
        """Everything below `files/`, sorted; copied beside the component."""
        return tuple(
            path
            for path in sorted((self.folder / "files").rglob("*"))
            if path.is_file() and "__pycache__" not in path.parts
        )


class Shelf:
    """All capabilities and implementations that the given roots hold; roots later in order win."""

    def __init__(self, roots: Iterable[Path] = ()) -> None:
        self.roots = (BUILT_IN, *roots)
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
                return _constant(_module(path, _package(root, path.parent)), "CAPABILITY", Capability)
        raise KeyError(name)

    @cached_property
    def implementations(self) -> Mapping[str, Mapping[str, Entry]]:
        """Capability → implementation id → its folder. No descriptor is loaded."""
        found: dict[str, dict[str, Entry]] = {name: {} for name in self.capability_names}
        for root in self.roots:
            for path in sorted(root.glob("*/*_*/implementation.py")):
                folder, capability = path.parent, path.parent.parent.name
                if capability not in found:
                    message = f"{folder} is on the shelf of '{capability}', which is no capability"
                    raise StackgenError(Problem("catalog-invalid", message, allowed=self.capability_names))
                entry = Entry(capability, folder, _package(root, folder))
                found[capability][entry.id] = entry
        return found

    def default(self, capability: str, provider: str) -> Entry | None:
        """What `provider` offers for `capability` when the spec names no implementation."""
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
        return _constant(_module(folder / "provider.py", package), "PROVIDER", Provider)

    def operations(self, name: str) -> ModuleType | None:
        """A provider's `operations` module (status, logs of what runs there), if it has one."""
        folder = self.provider_folders[name]
        if not (folder / "operations.py").is_file():
            return None
        return _module(
            folder / "operations.py", f"stackgen.providers.{name}" if folder.parent == PROVIDERS else None
        )


def _package(root: Path, folder: Path) -> str | None:
    """Dotted package of a built-in folder; None for a folder outside the package."""
    return ".".join(("stackgen.catalog", *folder.relative_to(root).parts)) if root == BUILT_IN else None


def _module(path: Path, package: str | None) -> ModuleType:
    try:
        if package is not None:
            return importlib.import_module(f"{package}.{path.stem}")
        name = f"stackgen_catalog_{path.parent.parent.name}_{path.parent.name}_{path.stem}"
        spec = importlib.util.spec_from_file_location(name, path)
        if spec is None or spec.loader is None:
            raise ImportError(f"{path} is not a Python module")
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module  # pydantic resolves annotations through it
        spec.loader.exec_module(module)
    except Exception as error:
        message = f"{path} can't be loaded: {type(error).__name__}: {error}"
        raise StackgenError(Problem("catalog-invalid", message)) from error
    return module


def _constant(module: ModuleType, name: str, kind: type[Any]) -> Any:
    value = getattr(module, name, None)
    if not isinstance(value, kind):
        message = f"{module.__file__} must define {name} = {kind.__name__}(...)"
        raise StackgenError(Problem("catalog-invalid", message))
    return value
