import re

import pytest
from django.core.management import CommandError, call_command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.mailing.inspection import NoMessageError, ReceivedMessage, inspect

SIGNATURE = (
    b"DKIM-Signature: v=1; a=rsa-sha256; d=example.com; s=one;\n"
    b"\th=From:To:Subject:\n\t List-Unsubscribe:List-Unsubscribe-Post; bh=x; b=x"
)
URI = b"https://latchkey.example/newsletter/unsubscribe/?rt=eyJ.x.y&amp"
GOOD = (
    SIGNATURE
    + b"""
List-Id: Latchkey <newsletter.latchkey.example>
List-Unsubscribe: <%(uri)s>
List-Unsubscribe-Post: List-Unsubscribe=One-Click
Message-ID: <1@latchkey.example>
Date: Sun, 22 Nov 2026 08:00:00 +0000
From: Latchkey <news@example.com>
To: reader@example.com
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary=b

--b
Content-Type: text/plain; charset=utf-8

To unsubscribe: %(uri)s.
--b
Content-Type: text/html; charset=utf-8

<p><a href="%(uri)s">Unsubscribe</a></p>
--b--
"""
    % {b"uri": URI}
).replace(b'href="' + URI, b'href="' + URI.replace(b"&", b"&amp;"))

DEFECTS = [
    (b"List-Unsubscribe: ", b"X: ", "List-Unsubscribe is there once: it is missing"),
    (
        b"Date: ",
        b"List-Unsubscribe: <https://b.example/>\nDate: ",
        "List-Unsubscribe is there once: it is there 2 times",
    ),
    (b"Unsubscribe: <https", b"Unsubscribe: <http", "one https address in angle brackets: it has 0 https"),
    (b"List-Unsubscribe: <", b"List-Unsubscribe: <https://b.example/>, <", "angle brackets: it has 2 https"),
    (b"List-Unsubscribe: <", b"List-Unsubscribe: <ftp://b.example/>, <", "beside https it may only have mailto"),
    (b"List-Unsubscribe: <", b"List-Unsubscribe: <https://a.example/ b>, <", "not a list of addresses"),
    (b"<" + URI + b">", URI, "not a list of addresses in angle brackets"),
    (
        b"List-Unsubscribe-Post:",
        b"X:",
        "List-Unsubscribe-Post is there once and says List-Unsubscribe=One-Click: it is m",
    ),
    (b"=One-Click", b"=one-click", "it says something else"),
    (b"List-Id: Latchkey", b"List-Id: =?utf-8?q?L=C3=A4?=", "(=?): encoded: List-Id"),
    (b"List-Id:", b"X:", "List-Id is there once and names the list: it is missing"),
    (b"<newsletter.latchkey.example>", b"Latchkey", "it does not end with a name"),
    (b"Message-ID:", b"X:", "Message-ID is there once: it is missing"),
    (b"<1@latchkey.example>", b"1", "it is not of the form"),
    (b"Date:", b"X:", "Date is there once and is a date: it is missing"),
    (b"Sun, 22 Nov", b"some day", "it is not a date"),
    (b"From: Lat", b"X: Lat", "From is there once and has one address: it is missing"),
    (b"<news@example.com>", b"<a@example.com>, <b@example.com>", "it does not have one address"),
    (b"Content-Type: text/plain", b"Content-Type: text/x", "There is a text part: it is missing"),
    (b"Content-Type: text/html", b"Content-Type: text/x", "There is an HTML part: it is missing"),
    (b"unsubscribe: https", b"unsubscribe: http", "The text part has the unsubscribe link: the address"),
    (b'<a href="', b'<b title="', "HTML part has the unsubscribe link, with words to click on: the address"),
    (b">Unsubscribe<", b"> <", "no words to click on"),
    (b"<p>", b"<p>" + b"x" * 990, "No line is longer than 998 bytes: the longest has"),
    (b"DKIM-Signature", b"X-Signature", "DKIM-Signature is there: there is none"),
    (b"\n\t List-Unsubscribe:List-Unsubscribe-Post;", b";", "not in h=: List-Unsubscribe, List-Unsubscribe-Post"),
    (b"h=From:", b"h=", "not in h=: From"),
    (b"d=example.com", b"d=other.example", "That signature is by the domain of From, or above or below it: signed by"),
    (b"d=example.com", b"d=badexample.com", "above or below it: signed by badexample.com"),
    (b"d=example.com", b"d=ample.com", "above or below it: signed by ample.com"),
    (b"d=example.com", b"d=com", "above or below it: signed by com"),
]
HARMLESS = [
    (b"unsubscribe: https", b"unsubscribe: write to https"),
    (b"d=example.com", b"d=mail.example.com"),
    (b"List-Unsubscribe: <", b"List-Unsubscribe:\n <"),
    (b"List-Unsubscribe: <", b"List-Unsubscribe: <mailto:a@example.com>, <"),
]


def problems(raw):
    return [f"{requirement}: {problem}" for requirement, problem in inspect(ReceivedMessage(raw)) if problem]


@pytest.fixture
def saved(tmp_path):
    def save(raw):
        path = tmp_path / "received.eml"
        path.write_bytes(raw)
        return str(path)

    return save


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
def test_a_mail_as_it_should_be_passes_every_requirement(saved, capsys, line_end):
    call_command("newsletter_check", saved(GOOD.replace(b"\n", line_end)))

    lines = capsys.readouterr().out.splitlines()
    assert {line[:4] for line in lines[:-1]} == {"pass"}
    assert lines[-1] == "All 16 requirements are met. The signature itself was not verified."


@pytest.mark.parametrize(("found", "replaced", "problem"), DEFECTS)
def test_one_defect_is_named(found, replaced, problem):
    assert found in GOOD

    assert problem in "\n".join(problems(GOOD.replace(found, replaced)))


@pytest.mark.parametrize(("found", "replaced"), HARMLESS)
def test_a_harmless_difference_is_not_taken_for_a_defect(found, replaced):
    assert found in GOOD

    assert problems(GOOD.replace(found, replaced)) == []


def test_a_defect_makes_the_exit_code_one(saved, capsys):
    with pytest.raises(CommandError, match="1 of 16 requirements are not met") as error:
        call_command("newsletter_check", saved(GOOD.replace(b"=One-Click", b"=Two-Clicks")))

    assert error.value.returncode == 1
    [failed] = [line for line in capsys.readouterr().out.splitlines() if line.startswith("FAIL")]
    assert re.search("List-Unsubscribe-Post .*: it says something else", failed)


def test_a_second_signature_may_be_the_one_that_covers(saved):
    other = SIGNATURE.replace(b"h=From:To:Subject:\n\t List-Unsubscribe:List-Unsubscribe-Post", b"h=From")

    assert problems(other + b"\n" + GOOD) == []


@pytest.mark.parametrize(
    "raw",
    [b"", b"\n\n", b"\x00\xff" * 100, b"%PDF-1.7 \xe2\xe3", b"<!doctype html><title>x</title>", b"no header\n\nbody"],
)
def test_what_is_no_mail_is_an_error_that_says_so(saved, raw):
    with pytest.raises(CommandError, match="is not an email") as error:
        call_command("newsletter_check", saved(raw))

    assert error.value.returncode == 2


@pytest.mark.parametrize("name", ["missing.eml", ".", "a\0b", "x" * 5000])
def test_a_file_that_cannot_be_read_is_an_error_that_says_so(tmp_path, name):
    with pytest.raises(CommandError, match="Cannot read") as error:
        call_command("newsletter_check", f"{tmp_path}/{name}")

    assert error.value.returncode == 2


def test_parts_nested_without_end_are_an_error_and_no_crash(saved):
    nested = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(5000))

    with pytest.raises(CommandError):
        call_command("newsletter_check", saved(b"From: a@example.com\n" + nested))


@settings(max_examples=150, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(at=st.integers(0, len(GOOD)), length=st.integers(0, 40), noise=st.binary(max_size=40))
def test_no_bytes_make_the_check_crash(at, length, noise):
    mutated = GOOD[:at] + noise + GOOD[at + length :]

    try:
        results = inspect(ReceivedMessage(mutated))
    except NoMessageError:
        return

    assert len(results) == 16
