from typing import Any

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

# Threat: look-alikes. Django's validator lets "ſ" and domains such as "exämple.com" through, and
# MariaDB's collations hold "ſ" and "s", "ä" and "a" for the same letter: two mailboxes, one account.
validate_plain_address = RegexValidator(
    r"^[!#-~]+\Z",
    _("Use plain letters and digits in the address. Write an international domain in its xn-- form."),
    code="not_plain",
)


class LowercaseEmailField(models.EmailField[str, str]):
    """
    An email address that is lower case in the database, in lookups and on the instance.

    So ``unique=True`` holds without regard to case on every database; MariaDB has no functional
    indexes that could do it. ``contains``, ``startswith`` and the like compare as written.
    """

    default_validators = [*models.EmailField.default_validators, validate_plain_address]

    # Lookups and update() come by here as well: CharField.get_prep_value() calls it.
    def to_python(self, value: Any) -> Any:
        return _lower(super().to_python(value))

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        value = _lower(super().pre_save(model_instance, add))
        setattr(model_instance, self.attname, value)
        return value


def _lower(value: Any) -> Any:
    # Threat: casefold() turns "ß" into "ss" and would give one mailbox the account of another.
    return value.lower() if isinstance(value, str) else value
