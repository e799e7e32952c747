"""Medians, ratios, verdicts on targets, and Markdown."""

import statistics


def median(values):
    return statistics.median(list(values))


def number(value):
    """Three significant digits; no decimals from a hundred on."""
    if value is None:
        return "–"
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def with_ratio(value, ratio):
    return f"{number(value)} ({ratio:.2f}×)" if ratio is not None else number(value)


def at_least(label, value, target):
    return f"{label} ≥ {target:g}: {'met' if value >= target else 'MISSED'} ({value:.2f})"


def at_most(label, value, target, unit=""):
    verdict = "met" if value <= target else "MISSED"
    return f"{label} ≤ {target:,g}{unit}: {verdict} ({number(max(value, 0))})"


def markdown(title, columns, rows, notes=()):
    lines = [f"### {title}", "", "| " + " | ".join(columns) + " |"]
    lines.append("|" + "|".join("---" if index == 0 else "---:" for index in range(len(columns))) + "|")
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    if notes:
        lines += ["", *(f"- {note}" for note in notes)]
    return "\n".join(lines) + "\n"
