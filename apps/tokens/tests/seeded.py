"""
Defects sown into the app one by one, each of which an explorer must find: life.py, cut.py or every_order.py.

``python -m <path>.tokens.tests.seeded`` prints who found which, and fails if one was found by none. What is not given
to this command is given to pytest, such as ``--ds=mysite.settings_for_tokens``. No file is changed: each defect gets a
process of its own, in which the import of one module of the app reads one line otherwise.

It proves that the explorers can fail, and of which mistakes they know. It does not prove that they find every mistake.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from typing import Any, NamedTuple

TESTS = __spec__.parent if __name__ == "__main__" else __package__
APP = TESTS.rpartition(".")[0]
VARIABLE = "SEEDED_DEFECT"

# The explorers' short runs, and of the long ones the orders of sign-in links and the life of a link for one request.
ORDERS_TEST = "test_every_order.py"
SIGN_IN_CASES = [
    f"{ORDERS_TEST}::test_the_laws_hold_in_every_order[Session, 1: click + {other}]"
    for other in ("other link", "deactivate", "new password", "new address", "revoke")
]
REQUEST_LIFE = (
    "test_life.py::test_a_token_does_what_the_contract_says_in_every_state[(RequestToken.LoginMode.REQUEST, 1)]"
)
LIFE, CUT, ORDERS, SIGN_INS, REQUESTS = "life", "cut", "every_order", "every_order of sign-ins", "life of requests"
RUNS = {
    LIFE: ["test_life.py"],
    CUT: ["test_cut.py"],
    ORDERS: [ORDERS_TEST],
    SIGN_INS: [*SIGN_IN_CASES, "-m", "proof"],
    REQUESTS: [REQUEST_LIFE, "-m", "proof"],
}


class Defect(NamedTuple):
    """
    What goes wrong, and how: in a file of the app a text that is there once, and what is put in its place.

    ``first`` is the explorer that is asked first. It is the one that finds it, or the others are asked in vain before.
    """

    sentence: str
    file: str
    text: str
    replacement: str
    first: str = LIFE

    def sow(self, source: str) -> str:
        # The formatter of a copy may break lines elsewhere, with a comma before the break, and take other quotes.
        words = r"\s*,?\s*".join(re.escape(word) for word in re.findall(r"\w+|[^\w\s]", self.text))
        words = words.replace('"', "[\"']")
        before, after = self.text.split(self.text.strip())
        sown, times = re.subn(f"{before}{words}{after}", lambda _: self.replacement, source)
        if times != 1:
            raise ValueError(f"{self.file} has this text {times} times, not once: {self.text!r}")
        return sown


DEFECTS = [
    # Who is let in
    Defect("A link opens pages of every scope", "admission.py", "token.scope != rule.scope", "False"),
    Defect("A link signs in whoever is signed in as somebody else", "admission.py", "raise WrongUserError", "pass"),
    Defect("A stranger is taken for the owner", "identity.py", "request.user.pk != token.user_id", "False"),
    Defect("Nobody asks the row before the view", "admission.py", "token.check_usable()", "pass"),
    Defect("Nobody asks for the account", "admission.py", "token.check_user()", "pass"),
    Defect("Only the row's times count, not the link's", "admission.py", "signing.check_times(claims)", "pass"),
    Defect("A link opens whatever row has its id", "admission.py", "claims.get(name) != value", "False"),
    Defect("HEAD and OPTIONS run the view", "admission.py", "return HttpResponse(status=204)", "pass"),
    Defect("A browser that prefetches runs the view", "admission.py", "return HttpResponse(status=425)", "pass"),
    Defect(
        "A link signs in by GET",
        "admission.py",
        "answer = token.login_mode == token.LoginMode.SESSION",
        "answer = False",
    ),
    Defect("Nobody asks for the method", "admission.py", "request.method not in methods", "False"),
    Defect(
        "A signature counts if it is a signature", "signing.py", '"verify_signature": True', '"verify_signature": False'
    ),
    Defect("A link works a day longer", "signing.py", "if now >= claims.get(", "if now - 86400 >= claims.get("),
    Defect("A link works before its time", "signing.py", 'now < claims.get("nbf", now)', "False"),
    Defect("A withdrawn link works", "models.py", "raise RevokedError(at=self.revoked_at)", "pass"),
    Defect("A closed account's links work", "models.py", "raise InactiveUserError", "pass"),
    Defect("A sign-in link outlives the password", "models.py", "raise UserChangedError", "pass"),
    Defect("A closed account's links sleep", "identity.py", "if not raw and not instance.is_active:", "if False:"),
    # A use, and only one
    Defect("Everybody who claims a use gets one", "statements.py", "cursor.rowcount == 1", "True", ORDERS),
    Defect("A link is used once too often", "querysets.py", "used_to_date__lt=", "used_to_date__lte=", ORDERS),
    Defect("The claim takes a withdrawn link", "querysets.py", "            revoked_at=None,\n", "", ORDERS),
    Defect("The time of a use is not kept", "querysets.py", ', "last_used_at": now}', "}", CUT),
    Defect(
        "Two uses given back for one", "querysets.py", 'used_to_date=F("used_to_date") - 1', "used_to_date=0", ORDERS
    ),
    Defect("Whoever comes second hears only that it is used up", "uses.py", "fresh.check_usable()", "pass", ORDERS),
    Defect(
        "A sign-in takes no hold of the account",
        "uses.py",
        "not identity.hold_account(use.alias, token.user)",
        "False",
        SIGN_INS,
    ),
    Defect(
        "An account closed at the last moment signs in",
        "identity.py",
        '"is_active", "password", ',
        '"password", ',
        SIGN_INS,
    ),
    Defect(
        "A password changed at the last moment signs in",
        "identity.py",
        '"is_active", "password", ',
        '"is_active", ',
        SIGN_INS,
    ),
    Defect(
        "An address changed at the last moment signs in",
        "identity.py",
        '"password", user.get_email_field_name()',
        '"password"',
        SIGN_INS,
    ),
    Defect("Two links of one person sign in twice", "uses.py", "others.sign_in_links().revoke(", "dict(", SIGN_INS),
    # Given back, or not
    Defect("A view that answers 404 keeps the use", "uses.py", "(500 if self.signs_in else 400)", "500", ORDERS),
    Defect("A sign-in link comes back after it signed in", "uses.py", "(500 if self.signs_in else 400)", "400"),
    Defect(
        "A released use is not given back",
        "uses.py",
        "self.is_released = not self.signs_in",
        "self.is_released = False",
        ORDERS,
    ),
    Defect("A sign-in can be released", "uses.py", "self.is_released = not self.signs_in", "self.is_released = True"),
    Defect("Nobody knows that the view has run", "rules.py", "admitted.has_entered = True", "pass"),
    Defect(
        "A block that raises keeps the use",
        "admission.py",
        "is_kept = not (has_failed or self.use.is_released)",
        "is_kept = True",
        ORDERS,
    ),
    # Used and signed in are one act
    Defect(
        "Claim and session are two transactions",
        "uses.py",
        "identity.saves_sessions_in(request, use.alias)",
        "False",
        CUT,
    ),
    Defect(
        "A claim whose answer is lost is kept",
        "uses.py",
        "_give_back(use.alias, use.token.pk, last_used_at=use.taken_at)\n        raise",
        "raise",
        CUT,
    ),
    Defect(
        "A claim that never arrived gives back another's use",
        "uses.py",
        "_give_back(use.alias, use.token.pk, last_used_at=use.taken_at)\n        raise",
        "_give_back(use.alias, use.token.pk)\n        raise",
        CUT,
    ),
    Defect(
        "A COMMIT whose answer is lost is kept",
        "uses.py",
        "is_given_back = _give_back(use.alias, use.token.pk, last_used_at=use.taken_at)",
        "is_given_back = False",
        CUT,
    ),
    Defect(
        "A sign-in is tried only once",
        "uses.py",
        "except (OperationalError, InterfaceError, UpdateError):",
        "except ():",
        CUT,
    ),
    Defect(
        "A use is given back by a dead connection", "uses.py", "connection.close_if_unusable_or_obsolete()", "pass", CUT
    ),
    Defect("Nobody gets the session's cookie", "identity.py", "if session.is_empty():", "if True:"),
    Defect(
        "The session is saved once more at the end",
        "identity.py",
        "must_create or dict(session.items()) != saved",
        "True",
        CUT,
    ),
    Defect("The view does not see the token's user", "identity.py", "    request.user = user\n", "", REQUESTS),
    # On record
    Defect(
        "A lost row for the record costs the deed",
        "audit.py",
        "except Error as error:",
        "except ZeroDivisionError as error:",
        CUT,
    ),
    Defect("Uses are not on record", "audit.py", '_record(request, token, "admitted", status_code)', "pass", ORDERS),
    Defect(
        "Refusals are not on record",
        "audit.py",
        "_record(request, error.token, error.code, status_code)",
        "pass",
        ORDERS,
    ),
    Defect("A refusal is on record twice", "audit.py", "error.is_on_record = True", "pass", ORDERS),
    Defect("The page does not know that it was moments ago", "exceptions.py", "minutes=2", "minutes=0", CUT),
]


# The process with the defect, into which pytest loads this file as a plugin


class Sower(MetaPathFinder):
    def __init__(self, defect: Defect) -> None:
        self.defect = defect

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: Any = None) -> ModuleSpec | None:
        spec = None
        if fullname == f"{APP}.{self.defect.file.removesuffix('.py')}":
            spec = PathFinder.find_spec(fullname, path)
            assert spec is not None
            spec.loader = Loader(self.defect, fullname, str(spec.origin))
        return spec


class Loader(SourceFileLoader):
    def __init__(self, defect: Defect, fullname: str, path: str) -> None:
        super().__init__(fullname, path)
        self.defect = defect

    def get_code(self, fullname: str) -> Any:
        source = self.defect.sow(Path(self.path).read_text(encoding="utf-8"))
        return compile(source, self.path, "exec", dont_inherit=True)


if VARIABLE in os.environ:
    sys.meta_path.insert(0, Sower(DEFECTS[int(os.environ[VARIABLE])]))


# The command


def main() -> int:
    """The number of defects that nobody found."""
    parser = argparse.ArgumentParser(description="Sow defects into the app; each must be found by an explorer.")
    parser.add_argument("--jobs", type=int, default=1, help="processes at a time, if each makes its own test database")
    parser.add_argument("--all", action="store_true", help="ask every explorer, also when one has found the defect")
    options, pytest_args = parser.parse_known_args()

    def judge(number: int) -> list[str]:
        finders = []
        for name in sorted(RUNS, key=lambda name: name != DEFECTS[number].first):
            if (options.all or not finders) and finds(number, [*RUNS[name], *pytest_args]):
                finders.append(name)
        return finders

    survivors = []
    with ThreadPoolExecutor(options.jobs) as pool:
        for defect, finders in zip(DEFECTS, pool.map(judge, range(len(DEFECTS))), strict=True):
            print(f"{defect.sentence:60}{', '.join(finders) or 'NOT FOUND'}", flush=True)
            if not finders:
                survivors.append(defect)
    print(f"{len(DEFECTS)} defects sown, {len(DEFECTS) - len(survivors)} found")
    return len(survivors)


def finds(number: int, arguments: list[str]) -> bool:
    options = ["-x", "-q", "--tb=no", "-rf", "--no-migrations", "-p", "no:cacheprovider", "-p", __spec__.name]
    result = subprocess.run(
        [sys.executable, "-m", TESTS, *options, *arguments],
        env={**os.environ, VARIABLE: str(number)},
        capture_output=True,
        text=True,
    )
    # Neither an error in collecting nor in a fixture finds a defect.
    if result.returncode not in (0, 1) or re.search(r"^ERROR", result.stdout, re.MULTILINE):
        raise RuntimeError(f"{DEFECTS[number].sentence}:\n{result.stdout}{result.stderr}")
    return result.returncode == 1


if __name__ == "__main__":
    sys.exit(main() > 0)
