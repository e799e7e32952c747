"""What a check finds, and the running of tools."""

import subprocess


class Findings:
    """Collects what is wrong, under the name of the check that runs."""

    def __init__(self):
        self.lines = []
        self._check = ""

    def begin(self, check):
        self._check = check

    def add(self, text):
        self.lines.append(f"{self._check}: {text}")

    def expect(self, holds, text):
        if not holds:
            self.add(text)

    def run(self, *command, **options):
        """The output of a tool; what it prints is a finding when it fails."""
        words = [str(word) for word in command]
        result = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
        self.expect(result.returncode == 0, f"{' '.join(words)} exits with {result.returncode}:\n{result.stdout}")
        return result.stdout
