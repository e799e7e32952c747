"""Pages of section 1, from what a program says of its commands (--experimental-dump-help of swift-argument-parser)."""

import roff


def pages(root, footer, see_also, more):
    """Name and text of each page: one for the program, and one for each command below it.

    `more` are lines for the end of the program's own page.
    """
    program = root["commandName"]
    commands = shown(root)
    names = [f"{program}-{command['commandName']}" for command in commands]
    own = page(root, [program], footer, more, [*names, *see_also])
    yield program, own
    for name, command in zip(names, commands):
        yield name, page(command, [program, command["commandName"]], footer, [], [program, *see_also])


def shown(command):
    return [each for each in command.get("subcommands", []) if each["shouldDisplay"] and each["commandName"] != "help"]


def page(command, words, footer, more, see_also):
    name = "-".join(words)
    abstract = sentence(command.get("abstract", ""))
    lines = [roff.title(name, 1, *footer), roff.heading("NAME"), f"{roff.escape(name)} \\- {roff.inline(abstract)}"]
    lines += [roff.heading("SYNOPSIS"), *synopses(command, words)]
    text, examples = discussion(command)
    lines += [roff.heading("DESCRIPTION"), roff.line(roff.inline(command.get("abstract", ""))), *text]
    if len(words) == 1:
        for each in shown(command):
            term = f"\\fB{roff.escape(words[0] + '-' + each['commandName'])}\\fR(1)"
            lines += roff.tagged(term, each.get("abstract", ""))
        lines += [*options(command, roff.heading("OPTIONS"))]
    else:
        lines += [*options(command, roff.heading("OPTIONS"))]
        if shown(command):
            lines.append(roff.heading("COMMANDS"))
        for each in shown(command):
            lines += part(each, [*words, each["commandName"]])
    if examples:
        lines += [roff.heading("EXAMPLES"), *roff.example(examples)]
    lines += more
    references = [each if each.endswith(")") else f"{each}(1)" for each in see_also]
    lines += [roff.heading("SEE ALSO"), *(", ".join(reference(each) for each in references).split("\n"))]
    return "\n".join(lines) + "\n"


def reference(text):
    name, section = text.rstrip(")").split("(")
    return f"\\fB{roff.escape(name)}\\fR({section})"


def part(command, words):
    """A command below another one, on the page of that."""
    lines = [roff.subheading(" ".join(words)), *synopses(command, words), ".PP"]
    lines.append(roff.line(roff.inline(command.get("abstract", ""))))
    text, examples = discussion(command)
    lines += [*text, *options(command, None)]
    if examples:
        lines += [".PP", "Examples:", *roff.example(examples)]
    for each in shown(command):
        lines += part(each, [*words, each["commandName"]])
    return lines


def sentence(text):
    """An abstract as a line of NAME: without the capital and the full stop of a sentence."""
    text = text.rstrip(".")
    return text if text[:2].isupper() else text[:1].lower() + text[1:]


def synopses(command, words):
    """The command with its arguments; those that every command has are left to OPTIONS."""
    name = f"\\fB{roff.escape(' '.join(words))}\\fR"
    if shown(command):
        lines = [f"{name} \\fIcommand\\fR [\\fIoptions\\fR]"]
        if "defaultSubcommand" in command:
            lines += [".br", name]
        return lines
    parts = [usage(each) for each in command["arguments"] if each["shouldDisplay"] and not is_common(each)]
    return [" ".join([name, *parts])]


def is_common(argument):
    return {name["name"] for name in argument.get("names", [])} & {"help", "version"} != set()


def usage(argument):
    if argument["kind"] == "positional":
        text = f"\\fI{roff.escape(argument['valueName'])}\\fR"
    else:
        text = f"\\fB{spelled(argument['preferredName'])}\\fR"
        if argument["kind"] == "option":
            text += f" \\fI{roff.escape(argument['valueName'])}\\fR"
    if argument["isRepeating"]:
        text += " ..."
    return f"[{text}]" if argument["isOptional"] else text


def spelled(name):
    dashes = "--" if name["kind"] == "long" else "-"
    return roff.escape(dashes + name["name"])


def options(command, heading):
    shown_arguments = [each for each in command["arguments"] if each["shouldDisplay"]]
    lines = [heading] if heading and shown_arguments else []
    for each in shown_arguments:
        lines += roff.tagged(term(each), *meaning(each))
    return lines


def term(argument):
    if argument["kind"] == "positional":
        return f"\\fI{roff.escape(argument['valueName'])}\\fR"
    names = ", ".join(f"\\fB{spelled(name)}\\fR" for name in argument["names"])
    return f"{names} \\fI{roff.escape(argument['valueName'])}\\fR" if argument["kind"] == "option" else names


def meaning(argument):
    text = argument.get("abstract", "")
    values = argument.get("allValues") or []
    if values:
        text += f" One of {', '.join(values)}."
    if "defaultValue" in argument:
        text += f" Default: {argument['defaultValue']}."
    more = argument.get("discussion", "")
    return [each for each in (text.strip(), " ".join(more.split())) if each] or [argument.get("valueName", "")]


def discussion(command):
    """The text of a command, and its examples."""
    lines, examples = [], ""
    for paragraph in command.get("discussion", "").split("\n\n"):
        if not paragraph.strip():
            continue
        first, *rest = paragraph.splitlines()
        if first.strip() == "EXAMPLES":
            examples = "\n".join(each.removeprefix("  ") for each in rest)
        elif first.startswith(" "):
            lines += roff.example(paragraph)
        else:
            lines += [".PP", roff.line(roff.inline(" ".join(paragraph.split())))]
    return lines, examples
