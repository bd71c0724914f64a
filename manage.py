#!/usr/bin/env python
"""Django's command line for this project."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        from django.core.exceptions import ImproperlyConfigured
        from django.core.management import execute_from_command_line

        from config.dotenv import BASE_DIR, write_demo_env_file
    except ImportError as error:
        sys.exit(f"{error}. Activate the virtual environment, then: python -m pip install -r requirements.txt")
    try:
        if sys.argv[1:2] == ["demo"] and (path := write_demo_env_file()):
            print(f"Wrote {os.path.relpath(path, BASE_DIR)} with a new SECRET_KEY and DEBUG=true.")
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        if "--traceback" in sys.argv:
            raise
        sys.exit(f"Not configured: {error}")


if __name__ == "__main__":
    main()
