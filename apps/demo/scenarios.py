"""
The hostile world, as data: who comes with the link of a sign-in email, what happens, and what must be true afterwards.

tests/demo/test_scenarios.py runs every one of them; /demo/laboratory/ runs them at a press, against the site that shows
it. One more is one more entry here.
"""

from dataclasses import dataclass, field

from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

Text = str | Promise

# Those who come. The owner has asked for the link in this browser, and has signed in here before.
OWNER, SCANNER, BOT, FRIEND, MEMBER, CROWD = "owner", "scanner", "bot", "friend", "member", "crowd"
PEOPLE: dict[str, Text] = {
    OWNER: _("The owner"),
    SCANNER: _("An email scanner"),
    BOT: _("A bot"),
    FRIEND: _("A friend"),
    MEMBER: _("Another member"),
    CROWD: _("One of twenty"),
}

# What they do with the link.
HEAD, GET, PREFETCH, BARE_POST, PRESS, CUT = "HEAD", "GET", "prefetch", "bare POST", "press", "cut"
DEEDS: dict[str, Text] = {
    HEAD: _("asks what is there, without reading it"),
    GET: _("opens the link"),
    PREFETCH: _("has the page prepared by the browser, for a click that may come"),
    BARE_POST: _("posts to the link, without the form of its page"),
    PRESS: _("opens the link and presses the first button of the page"),
    CUT: _("opens the link without its last letter"),
}

# Which link it is about: of two emails the newer or the older, or the only one, a day late.
NEW, OLD, LATE = "new", "old", "late"


@dataclass(frozen=True)
class Step:
    who: str
    does: str
    answers: dict[str, int]
    """The answers that must come, and how often: a status, and for a refusal its reason."""
    newest: bool = False
    """With the link of the newest email, where the scenario is about another."""

    @property
    def times(self) -> int:
        """How often at the same moment."""
        return sum(self.answers.values())


@dataclass(frozen=True)
class Scenario:
    slug: str
    title: Text
    story: Text
    steps: list[Step]
    uses: int
    """How often the link has been used afterwards."""
    signed_in: dict[str, int] = field(default_factory=dict)
    """In how many browsers of whom the owner of the link is signed in afterwards; nobody else."""
    is_told: bool = False
    """Whether the owner is told, by an email, of a browser never seen before."""
    link: str = NEW
    is_defended: bool = True

    @property
    def must_be_used(self) -> str:
        once = ngettext(
            "The link has been used exactly once.", "The link has been used exactly %(number)d times.", self.uses
        )
        return once % {"number": self.uses} if self.uses else gettext("The link has not been used.")

    @property
    def must_be_signed_in(self) -> str:
        if not self.signed_in:
            return gettext("Nobody is signed in as the owner.")
        if OWNER in self.signed_in:
            return gettext("The owner is signed in, and nobody else is in the owner's name.")
        [(who, number)] = self.signed_in.items()
        sentence = ngettext(
            "%(who)s is signed in as the owner, in exactly one browser; nobody else is.",
            "%(who)s is signed in as the owner, in exactly %(number)d browsers; nobody else is.",
            number,
        )
        return sentence % {"who": PEOPLE[who], "number": number}

    @property
    def must_be_told(self) -> str:
        if self.is_told:
            return gettext("The owner is told, by an email with a button that ends it.")
        return gettext("There is nothing to tell the owner.")


SCENARIOS = [
    Scenario(
        "head-then-get",
        _("HEAD, then GET"),
        _("An email program looks at the address before it opens it."),
        [Step(OWNER, HEAD, {"204": 1}), Step(OWNER, GET, {"303": 1})],
        uses=1,
        signed_in={OWNER: 1},
    ),
    Scenario(
        "two-gets",
        _("Two GETs at the same moment"),
        _("A scanner opens every link twice within 150 ms, before the owner reads the email."),
        [Step(SCANNER, GET, {"200": 2}), Step(OWNER, GET, {"303": 1})],
        uses=1,
        signed_in={OWNER: 1},
    ),
    Scenario(
        "double-click",
        _("A double click"),
        _("The owner clicks twice within 150 ms, and once more when the second answer is a refusal."),
        [Step(OWNER, GET, {"303": 1, "403 used_up": 1}), Step(OWNER, GET, {"303": 1})],
        uses=1,
        signed_in={OWNER: 1},
    ),
    Scenario(
        "prefetch",
        _("A browser that guesses"),
        _("The owner's browser prepares the page three times before it is asked for."),
        [Step(OWNER, PREFETCH, {"425": 3}), Step(OWNER, GET, {"303": 1})],
        uses=1,
        signed_in={OWNER: 1},
    ),
    Scenario(
        "scanner",
        _("A scanner that reads"),
        _("An email scanner loads the page of every link before it delivers the email."),
        [Step(SCANNER, HEAD, {"204": 1}), Step(SCANNER, GET, {"200": 1}), Step(OWNER, GET, {"303": 1})],
        uses=1,
        signed_in={OWNER: 1},
    ),
    Scenario(
        "bare-post",
        _("A bot that posts"),
        _("A bot opens the page and then posts to its address, without what is in the form."),
        [Step(BOT, GET, {"200": 1}), Step(BOT, BARE_POST, {"403 csrf": 1}), Step(OWNER, GET, {"303": 1})],
        uses=1,
        signed_in={OWNER: 1},
    ),
    # Said in docs/threat-model.md: whoever presses the button has the link.
    Scenario(
        "presses-buttons",
        _("A bot that presses buttons"),
        _("A bot opens the page and presses its button, as a person would. The owner comes too late."),
        [Step(BOT, PRESS, {"303": 1}), Step(OWNER, GET, {"403 used_up": 1})],
        uses=1,
        signed_in={BOT: 1},
        is_told=True,
        is_defended=False,
    ),
    Scenario(
        "twenty-at-once",
        _("Twenty clicks at once"),
        _("Twenty browsers have the page open and press its button at the same moment."),
        [Step(CROWD, PRESS, {"303": 1, "403 used_up": 19})],
        uses=1,
        signed_in={CROWD: 1},
        is_told=True,
    ),
    Scenario(
        "forwarded",
        _("A forwarded link"),
        _("The owner forwards the email. The friend opens the link, reads whose it is, and leaves it alone."),
        [Step(FRIEND, GET, {"200": 1}), Step(OWNER, GET, {"303": 1})],
        uses=1,
        signed_in={OWNER: 1},
    ),
    Scenario(
        "letter-missing",
        _("A letter is missing"),
        _("The owner copies the link without its last letter, and then the whole of it."),
        [Step(OWNER, CUT, {"403 invalid": 1}), Step(OWNER, GET, {"303": 1})],
        uses=1,
        signed_in={OWNER: 1},
    ),
    Scenario(
        "old-email",
        _("An older email"),
        _("The owner has asked twice and signs in by the newer email. The older one is opened later, by a friend."),
        [Step(OWNER, GET, {"303": 1}, newest=True), Step(FRIEND, GET, {"403 revoked": 1})],
        uses=0,
        signed_in={OWNER: 1},
        link=OLD,
    ),
    Scenario(
        "late-email",
        _("Yesterday's email"),
        _("The owner finds the email a day later, and tries the link twice."),
        [Step(OWNER, GET, {"403 expired": 1}), Step(OWNER, GET, {"403 expired": 1})],
        uses=0,
        link=LATE,
    ),
    Scenario(
        "somebody-else",
        _("Somebody else is signed in"),
        _(
            "The link is opened on a machine that two people share. Its button signs the other member out first; then "
            "the owner signs in where the link was asked for."
        ),
        [
            Step(MEMBER, GET, {"403 wrong_user": 1}),
            Step(MEMBER, PRESS, {"303": 1}),
            Step(OWNER, GET, {"303": 1}),
        ],
        uses=1,
        signed_in={OWNER: 1},
    ),
]


@dataclass(frozen=True)
class Elsewhere:
    """What a press cannot show, and the test that does."""

    what: Text
    test: str
    file: str


ELSEWHERE = [
    Elsewhere(
        _("The process is killed in the middle of a click."),
        "test_a_worker_that_is_killed_costs_only_an_answer_on_its_way_and_the_page_knows",
        "apps/tokens/tests/test_cut.py",
    ),
    Elsewhere(
        _("The connection to the database is lost, before and after each statement of a sign-in."),
        "test_no_connection_that_is_lost_costs_a_link_that_signs_in",
        "apps/tokens/tests/test_cut.py",
    ),
    Elsewhere(
        _("The line to the database is cut on the wire."),
        "test_a_line_cut_on_the_wire_costs_no_more",
        "apps/tokens/tests/test_cut.py",
    ),
    Elsewhere(
        _("The answer to a sign-in is lost on its way to the browser."),
        "test_a_sign_in_whose_answer_is_lost_after_the_commit_is_met_by_the_offer_of_a_new_link",
        "tests/accounts/test_sign_in.py",
    ),
    Elsewhere(
        _("Two real browsers: the link is opened where nobody asked for it."),
        "test_a_link_that_is_opened_elsewhere_asks_first_and_its_owner_can_throw_everybody_out",
        "tests/browser/test_signing_in.py",
    ),
]
