import uuid

from django.db import models

from ...models import RequestToken


class Item(models.Model):
    pass


class ItemProxy(Item):
    class Meta:
        proxy = True


class Parent(models.Model):
    pass


class Child(Parent):
    pass


class Abstract(models.Model):
    class Meta:
        abstract = True


class TextKey(models.Model):
    code = models.CharField(primary_key=True, max_length=100)


class UUIDKey(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)


class DateKey(models.Model):
    day = models.DateField(primary_key=True)


class DecimalKey(models.Model):
    amount = models.DecimalField(primary_key=True, max_digits=40, decimal_places=2)


class RelationKey(models.Model):
    """Its key is a relation, so it is the key of the row it points to."""

    target = models.OneToOneField(DecimalKey, models.CASCADE, primary_key=True)


class Seat(models.Model):
    pk = models.CompositePrimaryKey("row", "price")
    row = models.CharField(max_length=10)
    price = models.DecimalField(max_digits=6, decimal_places=2)


class Keepsake(models.Model):
    """A row of a project's own that holds a link, and would go with it."""

    # This app has no migrations, so its tables are made first: a constraint would point to one that is not there yet.
    token = models.ForeignKey(RequestToken, models.CASCADE, related_name="+", db_constraint=False)
