"""No token in a log: whoever reads one there could use it. A filter for LOGGING; README.md has the lines."""

import logging
import re

from django.core.exceptions import ImproperlyConfigured

from .conf import token_settings

JWT = r"eyJ[\w-]+\.eyJ[\w-]*\.[\w-]*"


class HideTokens(logging.Filter):
    """Writes ``***`` for the value of a token parameter and for anything that looks like a JWT."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        hidden = re.sub(rf"([?&](?:{'|'.join(_read_parameters())})=)[^&\s\"'#]+|{JWT}", r"\1***", message)
        if hidden != message:
            record.msg, record.args = hidden, ()
        return True


def _read_parameters() -> tuple[str, ...]:
    # A bad name is reported by a system check; it must not cost a log line.
    try:
        return token_settings.REQUEST_TOKEN_QUERYSTRING, token_settings.ACCESS_TOKEN_QUERYSTRING
    except ImproperlyConfigured:
        return "rt", "at"
