from typing import Any

from django.db.models.functions import Now


class DatabaseNow(Now):
    """The database's clock in UTC: the one clock that workers on different machines share."""

    def as_mysql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        # CURRENT_TIMESTAMP is in the time zone of the server, the columns are in UTC.
        return self.as_sql(compiler, connection, template="UTC_TIMESTAMP(6)", **extra)
