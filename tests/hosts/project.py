"""A fresh project, into which the app is copied by the steps of its own README, carried out as they stand."""

import re
import shlex
import shutil
import subprocess
import sys
import textwrap

from django.core.management import call_command

from tests.support.project import ROOT, make_environment

APP = ROOT / "apps" / "tokens"
README = (APP / "README.md").read_text(encoding="utf-8")
STEPS = README.split("### Put it into your project\n")[1].split("\n### ")[0]


class Project:
    def __init__(self, folder):
        self.folder = folder
        # No name that the project may have in which these tests run.
        call_command("startproject", "fresh_project", folder)

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(text)

    def replace(self, name, old, new):
        path = self.folder / name
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1
        path.write_text(text.replace(old, new), encoding="utf-8")

    def run(self, *args):
        result = subprocess.run(
            [sys.executable, *args], cwd=self.folder, env=make_environment(), capture_output=True, text=True
        )
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout + result.stderr

    def copy_folder(self, path):
        folder = self.folder / path.replace(".", "/")
        shutil.copytree(APP, folder, ignore=shutil.ignore_patterns("__pycache__"))
        return folder

    def write_settings(self, path):
        """Step 3."""
        for block in re.findall(r"```python\n(.*?)```", STEPS, re.DOTALL):
            self.write("fresh_project/settings.py", "\n" + textwrap.dedent(in_place(block, path)))

    def run_step(self, start, path, *more):
        """The one command of the steps that begins so, in this Python."""
        [command] = [line for line in re.findall(r"^ {4,7}(\w.*)$", STEPS, re.MULTILINE) if line.startswith(start)]
        words = shlex.split(in_place(command, path))
        if words[0] == "python":
            return self.run(*words[1:], *more)
        subprocess.run(words, cwd=self.folder, check=True)
        return ""


def in_place(text, path):
    return text.replace("apps.tokens", path).replace("apps/tokens", path.replace(".", "/"))
