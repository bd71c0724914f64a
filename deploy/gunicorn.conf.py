"""
How gunicorn serves the site:

    python -m gunicorn --config deploy/gunicorn.conf.py config.wsgi

Processes come from WEB_CONCURRENCY, in the environment or in .local/.env. The address is the socket below, or --bind.
"""

from config.dotenv import load_env_file
from config.env import read_int

load_env_file()

bind = "unix:/run/latchkey/web.sock"
workers = read_int("WEB_CONCURRENCY", 1, minimum=1)

# Threads, so that whoever waits for a slow mail server keeps nobody else waiting: with two processes and no threads, a
# mail server that took five seconds brought a page from fifty requests a second to less than one.
threads = 8

# A request that waits for the mail server ends by itself; this is for a process that hangs.
timeout = 60
graceful_timeout = 30

# Against whatever grows. Not all processes at once.
max_requests = 2000
max_requests_jitter = 200

# Threat: a working link in a log. No query string, and no Referer, which has one; and what gunicorn says of a request
# that failed passes through the same filter as the lines of the site.
access_log_format = '%({x-forwarded-for}i)s "%(m)s %(U)s %(H)s" %(s)s %(B)s %(L)s "%(a)s"'
_HANDLER = {"class": "logging.StreamHandler", "formatter": "generic", "filters": ["hide_tokens"]}
logconfig_dict = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"hide_tokens": {"()": "apps.tokens.log_filters.HideTokens"}},
    "formatters": {"generic": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": _HANDLER, "error_console": _HANDLER},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "gunicorn.error": {"handlers": ["error_console"], "level": "INFO", "propagate": False},
        "gunicorn.access": {"handlers": ["console"], "level": "INFO", "propagate": False},
    },
}
accesslog = "-"
