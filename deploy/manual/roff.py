"""Text for man(7)."""

import re

# Links keep their text, code and emphasis their look.
INLINE = re.compile(r"`(?P<code>[^`]+)`|\[(?P<link>(?:`[^`]*`|[^\]`])+)\]\([^)]*\)|\*(?P<emphasis>[^*`]+)\*")


def escape(text):
    """Takes each character for itself: a hyphen can be copied as it was typed."""
    return text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("`", "\\(ga")


def line(text):
    """One line of running text; what would be a request is none."""
    return "\\&" + text if text.startswith(".") else text


def inline(text):
    """Markdown within a line."""
    parts, end = [], 0
    for found in INLINE.finditer(text):
        parts.append(escape(text[end : found.start()]))
        if found["link"] is not None:
            parts.append(inline(found["link"]))
        else:
            font, inner = ("B", found["code"]) if found["code"] is not None else ("I", found["emphasis"])
            parts.append(f"\\f{font}{escape(inner)}\\fR")
        end = found.end()
    return "".join(parts) + escape(text[end:])


def title(name, section, date, source):
    return f'.TH "{escape(name.upper())}" {section} {date} "{source}" "Tollgate"'


def heading(text):
    return f".SH {inline(text)}"


def subheading(text):
    return f".SS {inline(text)}"


def tagged(term, *paragraphs):
    """A term, already in roff, with what it means in Markdown."""
    lines = [".TP", term]
    for number, paragraph in enumerate(paragraphs):
        if number > 0:
            lines.append(".IP")
        lines.append(line(inline(paragraph)))
    return lines


def example(text):
    """Lines that stay as they are."""
    return [".RS 4", ".EX", *(line(escape(each)) for each in text.splitlines()), ".EE", ".RE"]
