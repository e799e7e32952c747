"""As much of Markdown as the documents have: headings, paragraphs, tables, and lines that are fenced."""

import re
from dataclasses import dataclass, field

import roff


@dataclass
class Section:
    """What stands under one heading of the second level."""

    heading: str
    blocks: list = field(default_factory=list)

    def roff(self):
        lines = [roff.heading(self.heading)]
        for kind, content in self.blocks:
            lines += getattr(self, "_" + kind)(content)
        return lines

    def tables(self):
        return [content for kind, content in self.blocks if kind == "table"]

    def _paragraph(self, text):
        return [".PP", roff.line(roff.inline(text))]

    def _subheading(self, text):
        return [roff.subheading(text)]

    def _fence(self, text):
        return roff.example(text)

    def _table(self, rows):
        return table(rows)


def table(rows):
    """A tagged paragraph for each row: the first cell, the last as its text, and what stands between by its header."""
    header, *rest = rows
    lines = []
    for first, *middle, last in rest:
        facts = "; ".join(f"{name}: {cell}" for name, cell in zip(header[1:-1], middle))
        paragraphs = [last, facts[:1].upper() + facts[1:] + "."] if facts else [last]
        lines += roff.tagged(roff.inline(first), *paragraphs)
    return lines


def cells(text):
    inner = re.split(r"(?<!\\)\|", text.strip())[1:-1]
    return [cell.strip().replace("\\|", "|") for cell in inner]


def sections(text):
    """The numbered sections of a document."""
    found = []
    for block in re.split(r"\n{2,}", text):
        heading = re.fullmatch(r"## \d+\. (.+)", block.strip())
        if heading:
            found.append(Section(heading[1]))
        elif found:
            found[-1].blocks.append(classified(block))
    return found


def classified(block):
    if block.startswith("### "):
        return "subheading", block[4:].strip()
    if block.startswith("|"):
        rows = [cells(row) for row in block.strip().splitlines()]
        # The second row only rules a line.
        return "table", [rows[0], *rows[2:]]
    if block.startswith("```"):
        return "fence", "\n".join(block.strip().splitlines()[1:-1])
    return "paragraph", " ".join(block.split())
