"""Manual pages and completions, made of these programs and documents."""

import re
import tempfile
from pathlib import Path


def manuals(findings, root, programs):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        findings.run(root / "deploy" / "manual" / "generate", "--programs", programs, folder)
        help_text = findings.run(programs / "tollgate", "--help")
        commands = set(re.findall(r"^  ([a-z][a-z-]*)  ", help_text, re.MULTILINE)) - {"help"}
        findings.expect(len(commands) > 10, f"--help names the commands {sorted(commands)}")
        expected = {f"tollgate-{each}.1" for each in commands} | {"tollgate.1", "vendor-sim.1", "tollgate.json.5"}
        pages = sorted((folder / "man").glob("*"))
        findings.expect({each.name for each in pages} == expected, f"pages are {[each.name for each in pages]}")
        for page in pages:
            warnings = findings.run("groff", "-k", "-man", "-Tutf8", "-ww", "-z", page)
            findings.expect(not warnings, f"{page.name}:\n{warnings}")
        settings = (folder / "man" / "tollgate.json.5").read_text(encoding="utf-8")
        for member in ("listen.address", "upstream.keys[].secret", "log.access_sample"):
            findings.expect(member in settings, f"tollgate.json.5 has no {member}")
        own = (folder / "man" / "tollgate.1").read_text(encoding="utf-8")
        variable = "TOLLGATE_MASTER_KEY_PREVIOUS"
        findings.expect(variable in own and variable not in settings, f"{variable} is not in tollgate.1 alone")
        bash = (folder / "bash" / "tollgate").read_text(encoding="utf-8")
        for each in sorted(commands):
            findings.expect(each in bash, f"the completion of bash does not know {each}")
        for file in ("bash/vendor-sim", "zsh/_tollgate", "fish/tollgate.fish"):
            findings.expect((folder / file).is_file(), f"there is no {file}")
