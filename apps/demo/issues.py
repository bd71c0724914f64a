"""The issues that the demo publishes. They describe this site; edit them like any other copy."""

from typing import NamedTuple


class DemoIssue(NamedTuple):
    slug: str
    title: str
    summary: str
    days_ago: int | None
    """None: a draft."""
    body: str


ISSUES = [
    DemoIssue(
        slug="what-a-link-may-do",
        title="What a link may do",
        summary="Three questions to ask before you put a permission into an address.",
        days_ago=43,
        body="""
Most links only say where to go. A few also say that whoever follows them may do something there:
leave a list, open an account, read a page that is not public. Such a link is a key, and it deserves
the questions one asks about keys.

The first is which door it opens. A good link names one thing it is for, and the page behind it
accepts that and nothing else. A link made for leaving a list must not open an account, even if both
were made for the same person.

The second is for whom it acts. Some links act for nobody; they only carry a fact, such as who
invited you. Some act for one person during one request, and forget that person with the answer. A
very few sign somebody in, and those should work once and die young.

The third is when it stops: after a number of uses, at a time, or on the day somebody takes it back.
If your answer to that is “never”, write down why. Sometimes there is a reason. Our next issue is
about one.
""",
    ),
    DemoIssue(
        slug="the-link-that-never-expires",
        title="The link that never expires",
        summary="An unsubscribe link has to work years later, without a password, and for a machine.",
        days_ago=22,
        body="""
People leave a list on a day that suits them, often from an email that is years old. So the link at
the foot of this letter has no last day and no limit of uses. It can afford that because it can do
so little: it acts as one reader, for one request, on one page.

Opening it changes nothing. It shows a page that says which address would leave, half hidden from
anybody who looks over your shoulder, and one button. Pressing the button twice is the same as pressing
it once.

The same address stands in a header of the email, where your email program finds it. When you press
“Unsubscribe” there, the provider's machine sends a single POST with the words
List-Unsubscribe=One-Click. It brings no cookie, no form token and no patience: a redirect or a
question counts as failure. RFC 8058 describes this in a few pages, and they are worth reading.

What the link must never do is bring somebody back. Ours can undo a slip for one day. After that,
coming back takes a fresh confirmation.
""",
    ),
    DemoIssue(
        slug="machines-open-your-mail-first",
        title="Machines open your email first",
        summary="Scanners and previews follow every link. What happens then should be nothing.",
        days_ago=8,
        body="""
Before a letter reaches you, several machines may have read it. None of them is an attacker, and each of them can use up
a link that works once.

## Who opens it

- **A scanner** at the office follows every link to see whether it leads somewhere bad.
- **A chat program** draws a preview of whatever is pasted into it.
- **A browser** fetches the page you are likely to open next. It says so in a header, `Sec-Purpose: prefetch`; most of
  the others do not.

All of them ask for pages, and a page is all they should get. The standard of the web has said so since 1997, and
[says it still](https://www.rfc-editor.org/rfc/rfc9110#section-9.2.1):

> Request methods are considered "safe" if their defined semantics are essentially read-only; i.e., the client does not
> request, and does not expect, any state change on the origin server as a result of applying a safe method to a target
> resource.

## What to do about it

*GET shows, POST acts.* A link can only ask for a page. So the page behind ours works like this:

1. It says what is about to happen, and to whom.
2. It has one button, and the button sends a form.
3. Only the form uses the link up. Machines that follow links do not press buttons.

### In code

One argument asks for that page. The view runs when the button is pressed, and `request.user` is whom the link is for:

```
@use_request_token(scope="unsubscribe", required=True, confirm=True)
def unsubscribe(request):
    Subscription.objects.filter(user=request.user).delete()
    return render(request, "unsubscribed.html")
```

It costs the reader one press, and it buys more than safety from scanners. The reader sees whose account is about to be
opened before it is, which matters on a shared computer, and a link that was opened in the wrong browser can still be
used in the right one.

---

If you see a site that signs you in the moment you open a link, look at how it treats `HEAD` requests, too.
""",
    ),
    DemoIssue(
        slug="ten-minutes",
        title="Ten minutes",
        summary="Why a sign-in link is the only one of our links in a hurry.",
        days_ago=None,
        body="""
A link that signs you in is a password that somebody else wrote down and posted. We treat it like
one: it works once, and ten minutes after it was made it does not work at all.

Ten minutes are enough to change to the email program and back, with a slow server in between. They
are short enough that a mailbox opened by a stranger next week holds nothing but spent links. If you need
longer, ask for another one; asking costs a few seconds and tells nobody whether the address
is known.

Two events end the ten minutes early. A changed password or address makes every outstanding sign-in
link worthless, because it was made for the account as it was before. And an account that is closed
stays closed, whatever is still lying in its mailbox.

What remains is the reader who opens the link on a telephone and wanted to sign in on a desk. That
is what the page with the button is for: nothing is used up until it is pressed, so the link can be
opened again where it is needed.
""",
    ),
]
