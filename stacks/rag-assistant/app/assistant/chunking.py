"""Documents to chunks: one per section, long sections cut at paragraphs."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

LONGEST = 900  # characters


@dataclass(frozen=True)
class Chunk:
    """A piece of a document. title: the document's; heading: the section's."""

    source: str
    title: str
    heading: str
    text: str

    @property
    def content(self) -> str:
        """What is embedded and shown to the model."""
        return f"{self.title} - {self.heading}\n{self.text}"

    @property
    def digest(self) -> str:
        """Identity by content."""
        return hashlib.sha256(f"{self.source}\n{self.content}".encode()).hexdigest()


def chunks(source: str, document: str) -> Iterator[Chunk]:
    """The chunks of one Markdown document."""
    title, heading, lines = source, "", []
    for line in [*document.splitlines(), "## "]:
        if line.startswith("# "):
            title = line[2:].strip()
        elif line.startswith("## "):
            yield from _section(source, title, heading, "\n".join(lines).strip())
            heading, lines = line[3:].strip(), []
        else:
            lines.append(line)


def _section(source: str, title: str, heading: str, text: str) -> Iterator[Chunk]:
    part = ""
    for paragraph in text.split("\n\n"):
        if part and len(part) + len(paragraph) > LONGEST:
            yield Chunk(source, title, heading, part)
            part = ""
        part = f"{part}\n\n{paragraph}".strip()
    if part:
        yield Chunk(source, title, heading, part)
