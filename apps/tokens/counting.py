"""A model some of whose columns are counted in the database, behind the back of loaded instances."""

from __future__ import annotations

from typing import Any, TypeVar

from django.db import models

Counted = TypeVar("Counted", bound="CountedModel")


class CountedModel(models.Model):
    """``counts`` names the columns that ``save()`` writes only if they were set on this instance."""

    # Threat: a save that writes back an old count or an empty revocation, over what clicks and
    # revoke() have written since the instance was loaded.
    counts: tuple[str, ...] = ()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        is_plain = not args and not kwargs.get("update_fields") and not kwargs.get("force_insert")
        if is_plain and not self._state.adding:
            kwargs["update_fields"] = self._fields_to_save()
        super().save(*args, **kwargs)
        self.remember_counts()

    @classmethod
    def from_db(cls: type[Counted], *args: Any, **kwargs: Any) -> Counted:
        instance = super().from_db(*args, **kwargs)
        instance.remember_counts()
        return instance

    def refresh_from_db(self, *args: Any, **kwargs: Any) -> None:
        super().refresh_from_db(*args, **kwargs)
        self.remember_counts()

    def remember_counts(self) -> None:
        """From here on, what differs was set on this instance."""
        self._remembered = {name: self.__dict__.get(name) for name in self.counts}

    def _fields_to_save(self) -> list[str]:
        untouched = {name for name, value in self._remembered.items() if self.__dict__.get(name) == value}
        loaded = (field for field in self._meta.concrete_fields if field.attname in self.__dict__)
        return [field.name for field in loaded if not field.primary_key and field.name not in untouched]
