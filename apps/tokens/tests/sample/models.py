import uuid

from django.db import models

from ...models import RequestToken

# Said, not found out: where this app is not installed, its models would be taken for the tokens' own.
LABEL = "sample"


class Item(models.Model):
    class Meta:
        app_label = LABEL


class ItemProxy(Item):
    class Meta:
        app_label = LABEL
        proxy = True


class Parent(models.Model):
    class Meta:
        app_label = LABEL


class Child(Parent):
    class Meta:
        app_label = LABEL


class Abstract(models.Model):
    class Meta:
        app_label = LABEL
        abstract = True


class TextKey(models.Model):
    code = models.CharField(primary_key=True, max_length=100)

    class Meta:
        app_label = LABEL


class UUIDKey(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)

    class Meta:
        app_label = LABEL


class DateKey(models.Model):
    day = models.DateField(primary_key=True)

    class Meta:
        app_label = LABEL


class DecimalKey(models.Model):
    amount = models.DecimalField(primary_key=True, max_digits=40, decimal_places=2)

    class Meta:
        app_label = LABEL


class RelationKey(models.Model):
    """Its key is a relation, so it is the key of the row it points to."""

    target = models.OneToOneField(DecimalKey, models.CASCADE, primary_key=True)

    class Meta:
        app_label = LABEL


class Seat(models.Model):
    pk = models.CompositePrimaryKey("row", "price")
    row = models.CharField(max_length=10)
    price = models.DecimalField(max_digits=6, decimal_places=2)

    class Meta:
        app_label = LABEL


class Keepsake(models.Model):
    """A row of a project's own that holds a link, and would go with it."""

    # This app has no migrations, so its tables are made first: a constraint would point to one that is not there yet.
    token = models.ForeignKey(RequestToken, models.CASCADE, related_name="+", db_constraint=False)

    class Meta:
        app_label = LABEL
