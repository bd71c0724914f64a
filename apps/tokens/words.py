"""What support reads in explanations: the questions of a click, and their answers where nothing speaks against it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from .admission import RequestTokenRule
from .declared import source_of
from .models import RequestToken


def describe_view(view: Callable[..., Any]) -> str:
    written: Any = getattr(view, "view_class", view)
    name = getattr(written, "__qualname__", type(written).__name__)
    return f"{written.__module__}.{name} ({source_of(view)})"


def describe_rule(rule: RequestTokenRule) -> str:
    sentences = [_("Request tokens of the scope “%(scope)s”.") % {"scope": rule.scope}]
    if rule.required:
        sentences.append(_("It opens with one only."))
    if rule.ignore_session:
        sentences.append(_("It serves the token's user, whoever is signed in."))
    return " ".join(sentences)


def describe_what_follows(rule: RequestTokenRule, token: RequestToken) -> str:
    signs_in = token.login_mode == token.LoginMode.SESSION
    if callable(rule.confirm):
        first = _(
            "A function of the page's own, %(name)s, decides whether a button is shown first, and may refuse."
        ) % {"name": getattr(rule.confirm, "__qualname__", repr(rule.confirm))}
    elif rule.confirm or (rule.confirm is None and signs_in):
        first = _("The page shows a button, and the press takes a use.")
    else:
        first = _("The click takes a use at once.")
    return f"{first} {token.LoginMode(token.login_mode).label}."


def on_record(token: RequestToken) -> str:
    return _("Yes: %(token)s, issued %(time)s.") % {"token": token, "time": time_of(token.issued_at)}


def time_of(moment: datetime | None) -> str:
    if moment is None:
        return _("never")
    text = date_format(timezone.localtime(moment) if timezone.is_aware(moment) else moment, "DATETIME_FORMAT")
    # Sentences end with it, and some formats with "p.m."
    return text.removesuffix(".")


def _uses(token: RequestToken) -> str:
    if token.max_uses is None:
        return _("Yes: any number of uses, %(used)s so far.") % {"used": token.used_to_date}
    left = token.max_uses - token.used_to_date
    return ngettext("Yes, %d.", "Yes, %d.", left) % left


def _visitor(token: RequestToken) -> str:
    if token.user_id is None:
        return _("It does not matter: this link is for nobody in particular.")
    return _("No. Somebody else who is signed in would get a 403 where the page reads the session.")


# What admission.questions asks, by the name it gives each: the codes that refuse, the question, and what to say
# where they do not. Several for one name come in the order in which that question looks at them.
Answer = Callable[[RequestToken], str]
QUESTIONS: dict[str, list[tuple[set[str], Any, Answer]]] = {
    "scope": [({"scope"}, gettext_lazy("Is it for this page?"), lambda token: _("Yes: “%s”.") % token.scope)],
    "row": [
        ({"revoked"}, gettext_lazy("Has it been revoked?"), lambda token: _("No.")),
        (
            {"expired"},
            gettext_lazy("Has it expired?"),
            lambda token: _("No. It expires: %s.") % time_of(token.expiration_time),
        ),
        ({"not_yet_valid"}, gettext_lazy("Has its time begun?"), lambda token: _("Yes.")),
        ({"used_up"}, gettext_lazy("Is a use left?"), _uses),
    ],
    "times": [
        (
            {"expired", "not_yet_valid"},
            gettext_lazy("Is it in time by what the link itself says?"),
            lambda token: _("Yes."),
        )
    ],
    "account": [
        (
            {"inactive_user"},
            gettext_lazy("Is the account open?"),
            lambda token: _("It acts for nobody.") if token.user is None else _("Yes: %s.") % token.user,
        ),
        ({"user_changed"}, gettext_lazy("Is the account as it was when the link was made?"), lambda token: _("Yes.")),
    ],
    "visitor": [({"wrong_user"}, gettext_lazy("Is somebody else signed in?"), _visitor)],
}

# The same for AccessRule.open, by the detail or the code of its TokenError.
GRANT_QUESTIONS = [
    ({"missing"}, gettext_lazy("Does it carry an access token?"), gettext_lazy("Yes.")),
    ({"no such object"}, gettext_lazy("Is there what this page is about?"), gettext_lazy("Yes.")),
    (
        {"malformed", "bad_signature"},
        gettext_lazy("Is it signed by this site, and for the present state of the object?"),
        gettext_lazy("Yes."),
    ),
    ({"not for this object"}, gettext_lazy("Does it grant this on this object?"), gettext_lazy("Yes.")),
    ({"not_yet_valid", "expired"}, gettext_lazy("Is it within its time?"), gettext_lazy("Yes.")),
    ({"scope"}, gettext_lazy("Does it grant all that the page asks?"), gettext_lazy("Yes.")),
]

# For staff only: what a visitor is not told.
DETAILS = {
    "not shaped like a token": gettext_lazy("It is cut short or mangled: it does not look like a token."),
    "signature does not match": gettext_lazy(
        "It is forged, was changed, or was signed with a key or realm no longer in use."
    ),
    "malformed": gettext_lazy("It is cut short or mangled: it does not look like a token."),
    "bad_signature": gettext_lazy(
        "It is forged, was changed, was signed with a key no longer in use, or its object has changed. "
        "If it has a state, only its whole link can tell."
    ),
    "no such object": gettext_lazy("The address names something that does not exist."),
    "not for this object": gettext_lazy("It is genuine, and grants something else."),
}
