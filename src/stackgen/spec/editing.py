"""Changes one component's part of one environment in a spec file; every other byte stays as it is."""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import yaml

from stackgen import checkout
from stackgen.errors import ExitCode, Problem, StackgenError
from stackgen.spec.loading import LoadedStack, parse_spec

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*")
_WORDS = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}
_yaml: Any = yaml


def edit_override(
    loaded: LoadedStack,
    environment: str,
    component: str,
    override: Mapping[str, Any],
    check: Callable[[LoadedStack], object] = lambda _: None,
    *,
    dry: bool = False,
) -> LoadedStack:
    """Write `override` as the environment's part about the component; {} takes it away.

    Comments of that part are kept above it. `check` may refuse the result before it is written; a dry edit never is.
    Raises StackgenError: `spec-changed` if the file is no longer what was loaded; whatever the loader has to
    say about the result, which is then not written.
    """
    path = loaded.path.resolve()
    data = checkout.read_file(loaded.path)
    if hashlib.sha256(data).hexdigest() != loaded.digest:
        message = f"{path} was changed by another process in the meantime; nothing was written"
        raise StackgenError(
            Problem("spec-changed", message, hint="run it again"), ExitCode.UNEXPECTED_CHANGES
        )
    text = data.decode()
    changed = _Edit(text).override(environment, component, override).encode()
    result = parse_spec(changed, loaded.path)
    found = result.stack.environments[environment].components.get(component)
    written = found.model_dump(exclude_unset=True, mode="json") if found is not None else {}
    if written != override:
        message = f"{path} is written in a way that can't be edited here"
        hint = f"write it yourself: environments.{environment}.components.{component}: {flow_yaml(override)}"
        raise StackgenError(Problem("spec-not-editable", message, hint=hint))
    check(result)
    if changed != data and not dry:
        _replace(path, changed)
    return result


def flow_yaml(value: object) -> str:
    """A plain value as YAML on one line, meaning the same in YAML 1.1 and 1.2."""
    if isinstance(value, Mapping):
        items = cast("Mapping[str, object]", value).items()
        return "{" + ", ".join(f"{flow_yaml(key)}: {flow_yaml(item)}" for key, item in items) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(flow_yaml(item) for item in cast("list[object]", value)) + "]"
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
        return value
    return json.dumps(value, ensure_ascii=False)


def _replace(path: Path, data: bytes) -> None:
    """All or nothing, with the file's own permissions."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).chmod(path.stat().st_mode & 0o777)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


class _Edit:
    """One edit of one text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.root = _yaml.compose(text, Loader=yaml.SafeLoader)

    def override(self, environment: str, component: str, override: Mapping[str, Any]) -> str:
        described = _value(_value(self.root, "environments"), environment)
        components = _value(described, "components")
        entry = _pair(components, component) if isinstance(components, yaml.MappingNode) else None
        if entry is not None and not override:
            return self._remove(components, entry)
        if entry is not None:
            return self._rewrite(components, entry, override)
        if not override:
            return self.text
        if components is None:
            return self._insert(described, "components", {component: override})
        if not isinstance(components, yaml.MappingNode):  # `components:` with nothing behind it
            return self._put(components.start_mark.index, f" {flow_yaml({component: override})}")
        return self._insert(components, component, override)

    def _put(self, at: int, text: str, end: int | None = None) -> str:
        return self.text[:at] + text + self.text[at if end is None else end :]

    def _insert(self, mapping: Any, key: str, value: Mapping[str, Any]) -> str:
        if mapping.flow_style:
            at = mapping.end_mark.index - 1
            at -= len(self.text[:at]) - len(self.text[:at].rstrip())
            comma = ", " if mapping.value and not self.text[:at].endswith(",") else ""
            return self._put(at, f"{comma}{flow_yaml(key)}: {flow_yaml(value)}")
        at, column = self._line_end(_last(mapping)), mapping.value[0][0].start_mark.column
        lines = "".join(f"{' ' * column}{line}\n" for line in _block(key, value))
        break_ = "" if self.text[:at].endswith("\n") else "\n"
        return self._put(at, break_ + lines)

    def _rewrite(self, mapping: Any, entry: Any, override: Mapping[str, Any]) -> str:
        key, value = entry
        start, end = value.start_mark.index, _last(value)
        comments = list(self._comments(start, end))
        if mapping.flow_style:
            return self._put(start, flow_yaml(override), end)
        column = key.start_mark.column + 2
        if not comments and value.flow_style and value.start_mark.line == key.start_mark.line:
            return self._put(start, flow_yaml(override), end)
        if value.start_mark.line == key.start_mark.line:
            start = key.end_mark.index + len(self.text[key.end_mark.index : start].rstrip())
            before = "\n" + " " * column
        else:
            before = ""
        pad = "\n" + " " * column
        lines = [*comments, *(f"{flow_yaml(name)}: {flow_yaml(item)}" for name, item in override.items())]
        return self._put(start, before + pad.join(lines), end)

    def _remove(self, mapping: Any, entry: Any) -> str:
        """The entry with its line; a mapping that would be left empty becomes {}."""
        key, value = entry
        if mapping.flow_style or len(mapping.value) == 1:
            rest = {
                k.value: self.text[v.start_mark.index : _last(v)] for k, v in mapping.value if k is not key
            }
            if not mapping.flow_style:
                start = mapping.start_mark.index
                kept = list(self._comments(start, _last(mapping)))
                pad = "\n" + " " * mapping.start_mark.column
                return self._put(start, pad.join([*kept, "{}"]), _last(mapping))
            inner = ", ".join(f"{flow_yaml(name)}: {text}" for name, text in rest.items())
            return self._put(mapping.start_mark.index, "{" + inner + "}", mapping.end_mark.index)
        start = self.text.rfind("\n", 0, key.start_mark.index) + 1
        kept = list(self._comments(key.start_mark.index, _last(value)))
        pad = " " * key.start_mark.column
        return self._put(start, "".join(f"{pad}{line}\n" for line in kept), self._line_end(_last(value)))

    def _comments(self, start: int, end: int) -> Iterator[str]:
        """Comments between tokens, where nothing else can begin with #."""
        tokens = [t for t in _yaml.scan(self.text, Loader=yaml.SafeLoader) if t.end_mark.index > start]
        previous = start
        for token in tokens:
            begin = token.start_mark.index
            if begin > previous:
                gap = self.text[previous : min(begin, end)]
                yield from (line.strip() for line in re.findall(r"#[^\n]*", gap))
            previous = max(previous, token.end_mark.index)
            if previous >= end:
                return

    def _line_end(self, index: int) -> int:
        if self.text[index - 1 : index] == "\n":
            return index
        found = self.text.find("\n", index)
        return len(self.text) if found < 0 else found + 1


def _block(key: str, value: Mapping[str, Any]) -> Iterator[str]:
    """An entry in block style: what is inside it in flow style."""
    yield f"{flow_yaml(key)}:"
    for name, item in value.items():
        yield f"  {flow_yaml(name)}: {flow_yaml(item)}"


def _pair(mapping: Any, key: str) -> Any:
    return next((pair for pair in mapping.value if pair[0].value == key), None)


def _value(mapping: Any, key: str) -> Any:
    found = _pair(mapping, key)
    return found[1] if found is not None else None


def _last(node: Any) -> int:
    """Where a node's text ends: a block collection's mark is where the next token begins."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        inner: Any = node.value[-1]
        return _last(inner[1] if isinstance(inner, tuple) else inner)
    return node.end_mark.index
