from typing import TypeGuard

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import get_random_string
from django.utils.translation import gettext_lazy as _

from apps.tokens.exceptions import TokenError
from apps.tokens.models import RequestToken


def new_preview_key() -> str:
    return get_random_string(12)


class IssueQuerySet(models.QuerySet["Issue"]):
    def published(self) -> "IssueQuerySet":
        """What anybody may read, newest first."""
        return self.filter(published_at__lte=timezone.now()).order_by("-published_at", "-pk")


class Issue(models.Model):
    """Words and a date: a draft, or published from ``published_at`` on. Sending it is another matter, and app."""

    title = models.CharField(_("title"), max_length=200)
    slug = models.SlugField(_("slug"), max_length=100, unique=True, help_text=_("The last part of its address."))
    summary = models.CharField(_("summary"), max_length=300, blank=True, help_text=_("One or two sentences."))
    body = models.TextField(_("text"), help_text=_("Markdown. A blank line starts a paragraph."))
    published_at = models.DateTimeField(
        _("published at"), null=True, blank=True, help_text=_("Leave empty for a draft.")
    )
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)
    version = models.PositiveIntegerField(_("version"), default=1, editable=False)
    preview_key = models.CharField(_("preview key"), max_length=12, default=new_preview_key, editable=False)

    objects = IssueQuerySet.as_manager()

    class Meta:
        verbose_name = _("issue")
        verbose_name_plural = _("issues")
        ordering = ["-created_at", "-pk"]
        permissions = [("preview_issue", _("Can read an issue before it is published"))]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("newsletter:issue", args=[self.slug])

    @property
    def is_published(self) -> bool:
        """Whether ``published()`` has it."""
        return self.published_at is not None and self.published_at <= timezone.now()

    def preview_state(self) -> str:
        """
        What goes into the signature of every link that shares this draft; when it changes, they all die.

        So publishing ends them, and so does ``stop_sharing``. Its limits: it cannot end one link and spare another; it
        does not count visits; and an issue that is taken back from publication has its old links back, those that have
        not expired. Call ``stop_sharing`` then, too.
        """
        return f"{'published' if self.is_published else 'draft'} {self.preview_key}"

    def stop_sharing(self) -> None:
        """End every link that shares this draft."""
        self.preview_key = new_preview_key()
        self.save(update_fields=["preview_key"])


class SubscriptionQuerySet(models.QuerySet["Subscription"]):
    def active(self) -> "SubscriptionQuerySet":
        """Those to whom the next issue goes."""
        return self.filter(unsubscribed_at__isnull=True, user__is_active=True)


class Subscription(models.Model):
    """
    One reader of the one list. The row is written when an address is confirmed, never before.

    A reader is a user without a password, because the unsubscribe link acts for a user.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="subscription", verbose_name=_("user")
    )
    confirmed_at = models.DateTimeField(_("confirmed at"), default=timezone.now)
    unsubscribed_at = models.DateTimeField(_("unsubscribed at"), null=True, blank=True)
    unsubscribe_token = models.OneToOneField(
        "tokens.RequestToken",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("unsubscribe token"),
        help_text=_("In the header and at the foot of every issue sent to this reader."),
    )
    referrer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="referrals",
        verbose_name=_("invited by"),
    )
    is_self_referral = models.BooleanField(
        _("came by their own link"), default=False, help_text=_("Not counted for the member.")
    )

    objects = SubscriptionQuerySet.as_manager()

    class Meta:
        verbose_name = _("subscription")
        verbose_name_plural = _("subscriptions")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                name="newsletter_subscription_no_self_referral",
                condition=Q(referrer__isnull=True) | ~Q(referrer=F("user")),
                violation_error_message=_("Nobody can have invited themselves."),
            ),
        ]

    def __str__(self) -> str:
        return str(self.user)


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def live(self) -> "InvitationQuerySet":
        """Those whose member is still here and whose link nobody has withdrawn."""
        return self.filter(member__is_active=True, token__isnull=False, token__revoked_at__isnull=True)

    def claim_reader(self, pk: int) -> bool:
        """Count one confirmed reader; False if the quota is reached."""
        # Threat: two readers share the last place. Looking and counting are one UPDATE.
        free = self.filter(Q(quota=None) | Q(confirmed__lt=F("quota")), pk=pk)
        return free.update(confirmed=F("confirmed") + 1) == 1


class Invitation(models.Model):
    """
    A member's affiliate link and what became of it; ``referrals`` has its rules.

    The counts are kept here and not taken from the token, the log or the readers: those can be pruned or erased.
    The quota is here and not ``max_uses`` of the token, which would count visits and refuse the last visitor's form.
    """

    member = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="invitation", verbose_name=_("member")
    )
    token = models.OneToOneField(
        "tokens.RequestToken", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("token")
    )
    quota = models.PositiveIntegerField(
        _("number of readers"), null=True, blank=True, help_text=_("Leave empty for no limit.")
    )
    clicks = models.PositiveIntegerField(_("clicks"), default=0)
    signups = models.PositiveIntegerField(_("sign-ups"), default=0)
    confirmed = models.PositiveIntegerField(_("confirmed"), default=0)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")

    def __str__(self) -> str:
        return str(self.member)

    @property
    def is_full(self) -> bool:
        return self.quota is not None and self.confirmed >= self.quota


def is_usable(token: RequestToken | None) -> TypeGuard[RequestToken]:
    """True if a click on the token's link would be admitted now. No query."""
    if token is None:
        return False
    try:
        token.check_usable()
    except TokenError:
        return False
    return True
