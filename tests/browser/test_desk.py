"""The editors' desk: an issue is written, shown to somebody, tried out, sent, and reported on."""

import itertools

import pytest

from tests.browser.conftest import EDITOR

pytestmark = pytest.mark.browser

NUMBERS = itertools.count(1)
BODY = "The **first** thing.\n\n> A quotation.\n\n- one\n- two"


def write_issue(editor):
    """A draft that nobody has seen yet; the editor looks at it."""
    title = f"An issue of browsers {next(NUMBERS)}"
    editor.open("/newsletter/staff/")
    editor.follow("Write an issue")
    editor.write("^Title", title)
    editor.write("^Summary", "What it is about.")
    editor.write("^Text", BODY)
    editor.press("Save")
    return title


def test_an_editor_writes_an_issue_looks_at_it_and_sends_a_test(editor):
    editor.open("/newsletter/staff/new/")
    editor.write("^Title", f"An issue of browsers {next(NUMBERS)}")
    editor.write("^Text", BODY)
    editor.press("Preview")
    preview = editor.text
    editor.press("Save")
    saved = editor.text
    editor.press("Send a test")
    sent = editor.text
    editor.open_email(EDITOR)

    assert "The first thing." in preview
    assert "Saved." in saved
    assert f"A test is on its way to {EDITOR}." in sent
    assert "The first thing." in editor.text.replace("*", "")


def test_a_draft_is_shared_by_a_link_that_ends_when_the_editor_says_so(editor, come):
    guest, title = come(), write_issue(editor)

    editor.choose("The link works for", "a week")
    editor.press("Share a preview")
    link = editor.find_link("/newsletter/preview/")
    guest.open(link)
    read = guest.text
    editor.follow("Back to the issue")
    editor.press("Stop sharing")
    guest.open(link)

    assert title in read
    assert "Draft." in read
    assert "What it is about." not in guest.text


def test_an_issue_is_sent_and_the_desk_reports_what_became_of_it(editor, come):
    reader, title = come(), write_issue(editor)

    editor.follow("^Send it$")
    editor.press("Send it now")
    reader.open("/newsletter/")
    reader.follow(title)

    assert title in editor.heading
    assert "The first thing." in reader.text


@pytest.mark.parametrize("how", ["in a wide window, light", "on a phone, dark"])
def test_an_issue_is_sent_later_and_then_not_at_all(come, editors_cookies, how):
    editor = come(how, storage_state=editors_cookies)
    write_issue(editor)

    editor.follow("^Send it$")
    editor.press("Send it then")
    refused = editor.text
    editor.write("Date and time", "2100-01-01T09:30")
    editor.press("Send it then")
    scheduled = editor.text
    editor.press("Do not send it")

    assert "Enter a date and a time." in refused
    assert "1 January 2100" in scheduled
    assert "It will not be sent." in editor.text
