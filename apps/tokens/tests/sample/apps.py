from django.apps import AppConfig


class SampleConfig(AppConfig):
    """Models with every kind of primary key, for the tests of access tokens."""

    name = __name__.rpartition(".")[0]
    label = "sample"
    default_auto_field = "django.db.models.BigAutoField"
