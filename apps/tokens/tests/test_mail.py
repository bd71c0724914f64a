import email
import email.policy
import re

import pytest

from ..mail import LinkEmail

LINK = "https://example.com/newsletter/unsubscribe/?" + "a=1&" * 20 + "rt=" + "x" * 221


def message(**fields):
    fields = {
        "subject": "A link",
        "body": f"Please follow\n\n{LINK}\n\nThank you.",
        "to": ["reader@example.com"],
        **fields,
    }
    found = LinkEmail(**fields)
    found.attach_alternative(f'<p lang="en"><a href="{LINK}">Follow</a></p>', "text/html")
    return found


def raw(**fields):
    return message(**fields).message().as_bytes()


def smtp_bytes(**fields):
    """As Django's SMTP backend makes them."""
    mail_message = message(**fields)
    try:
        return mail_message.message(policy=email.policy.SMTP).as_bytes()
    except TypeError:
        return mail_message.message().as_bytes(linesep="\r\n")


@pytest.mark.parametrize("as_bytes", [raw, smtp_bytes])
@pytest.mark.parametrize("text", ["plain", "Grüße und eine Schlüsselgewalt", "钥匙", "\U0001f511"])
def test_a_link_is_whole_in_both_parts_of_the_bytes(as_bytes, text):
    lines = as_bytes(body=f"{text}\n{LINK}\n").splitlines()

    assert lines.count(LINK.encode()) == 1
    assert sum(LINK.encode() in line for line in lines) == 2


@pytest.mark.parametrize("as_bytes", [raw, smtp_bytes])
def test_list_unsubscribe_is_not_encoded(as_bytes):
    headers = {"List-Unsubscribe": f"<{LINK}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}

    source = as_bytes(headers=headers)

    parsed = email.message_from_bytes(source, policy=email.policy.default)
    assert b"=?" not in source
    assert parsed["List-Unsubscribe"] == f"<{LINK}>"
    assert LINK.encode() in source


@pytest.mark.parametrize("as_bytes", [raw, smtp_bytes])
def test_a_long_subject_in_another_script_is_folded_as_rfc_2047_has_it(as_bytes):
    subject = "Ihr Schlüssel für die Zeitung, die über Schlüssel für Türen in Straßen schreibt" * 3

    source = as_bytes(subject=subject)

    assert max(len(word) for word in re.findall(rb"=\?\S+\?=", source)) <= 78
    # Compared without blanks, of which the email package of Python 3.12.1 loses one.
    received = email.message_from_bytes(source, policy=email.policy.default)["Subject"]
    assert received.replace(" ", "") == subject.replace(" ", "")


@pytest.mark.parametrize("as_bytes", [raw, smtp_bytes])
@pytest.mark.parametrize("text", ["plain", "Grüße und eine Schlüsselgewalt", "钥匙", "\U0001f511"])
def test_who_reads_the_bytes_finds_both_parts_as_they_were_written(as_bytes, text):
    received = email.message_from_bytes(as_bytes(body=f"{text}\n{LINK}\n"), policy=email.policy.default)

    assert received.get_body(["plain"]).get_content().splitlines() == [text, LINK]
    assert received.get_body(["html"]).get_content().strip() == f'<p lang="en"><a href="{LINK}">Follow</a></p>'
