"""A reader who wants to learn one kind of link finds all of it in a few places."""

import inspect
import re

import pytest

from apps.accounts import scopes as accounts
from apps.newsletter import scopes as newsletter
from apps.newsletter import views
from tests.support.project import ROOT

MOST_FILES = 4
MOST_LINES = 1000
ONE_SCREEN = 40
SOURCES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for folder in ("apps", "config")
    for path in (ROOT / folder).rglob("*.py")
    if not path.is_relative_to(ROOT / "apps" / "tokens")
}
SCOPES = [
    (module, name)
    for module in (accounts, newsletter)
    for name, value in vars(module).items()
    if name.isupper() and isinstance(value, str)
]


@pytest.mark.parametrize(("module", "name"), SCOPES, ids=lambda value: getattr(value, "__name__", value))
def test_a_scope_stands_in_at_most_four_files_of_the_site(module, name):
    app = module.__name__.rpartition(".")[0]
    uses = re.compile(
        rf"\bscopes\.{name}\b|from {re.escape(app)}\.scopes import .*\b{name}\b|\"{re.escape(getattr(module, name))}\""
    )
    home = f"{app.replace('.', '/')}/"

    files = [file for file, text in SOURCES.items() if uses.search(text) and (file.startswith(home) or app in text)]

    assert 1 < len(files) <= MOST_FILES, files


def test_the_lesson_is_flat_and_has_fewer_than_a_thousand_lines():
    files = {file: text for file, text in SOURCES.items() if file.startswith("apps/newsletter/")}

    lines = sum(len(text.splitlines()) for file, text in files.items() if "/migrations/" not in file)

    folders = {file.split("/")[2] for file in files if file.count("/") > 2}
    assert lines < MOST_LINES
    assert folders == {"migrations", "templatetags"}


@pytest.mark.parametrize("view", [views.subscribe, views.confirm, views.unsubscribe, views.resubscribe, views.preview])
def test_a_view_that_takes_a_link_is_whole_on_one_screen(view):
    source = inspect.getsource(inspect.unwrap(view))

    assert "_token(scope=scopes." in source or "@access_token_required(scopes." in source
    assert len(source.splitlines()) <= ONE_SCREEN
    # "_(" is the translation.
    assert re.findall(r"(?<![\w.])_\w+\(", source) == []


def test_the_token_app_has_thirty_modules_and_2900_lines_at_most():
    app = ROOT / "apps/tokens"
    # For support, for code that listens, for those who read logs and error reports, come from elsewhere or own a copy.
    apart = {"declared.py", "explain.py", "words.py", "signals.py", "log_filters.py", "reports.py", "ancestor.py"}
    apart |= {"origin.py"}
    folders = {"admin", "migrations", "management", "tests"}
    modules = [
        path for path in app.rglob("*.py") if path.name not in apart and not folders & set(path.relative_to(app).parts)
    ]
    texts = [path.read_text(encoding="utf-8") for path in modules]

    assert len([text for text in texts if text]) <= 30
    assert sum(text.count("\n") for text in texts) <= 2900
