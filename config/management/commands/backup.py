import os
import subprocess
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.utils import timezone


class Command(BaseCommand):
    help = "Writes a copy of the database into FOLDER while the site runs. See docs/deploying.md for the way back."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path)

    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        if connection.vendor not in COPY:
            raise CommandError(f"Copy {connection.display_name} with its own tools.")
        suffix, copy = COPY[connection.vendor]
        path = folder / f"latchkey-{timezone.now():%Y%m%dT%H%M%SZ}.{suffix}"
        # A copy that was cut short must not be taken for a whole one.
        unfinished = path.with_name(f"{path.name}.unfinished")
        copy(unfinished)
        unfinished.rename(path)
        self.stdout.write(str(path))


def _copy_sqlite(path: Path) -> None:
    # Not cp: what was written last stands in a second file. VACUUM INTO is one consistent read.
    with connection.cursor() as cursor:
        cursor.execute("VACUUM INTO %s", [str(path)])


def _copy_postgresql(path: Path) -> None:
    # What `manage.py dbshell` would call; pg_dump takes the same arguments. The password goes into its environment.
    (_psql, *arguments), variables = connection.client.settings_to_cmd_args_env(connection.settings_dict, [])
    command = ["pg_dump", "--format=custom", f"--file={path}", *arguments]
    try:
        subprocess.run(command, check=True, env={**os.environ, **(variables or {})})  # noqa: S603
    except FileNotFoundError:
        raise CommandError("pg_dump is not there. On Debian: apt install postgresql-client") from None
    except subprocess.CalledProcessError as error:
        raise CommandError(f"pg_dump ended with {error.returncode}.") from None


COPY = {"sqlite": ("sqlite3", _copy_sqlite), "postgresql": ("dump", _copy_postgresql)}
