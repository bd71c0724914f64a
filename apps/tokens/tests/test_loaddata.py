"""A backup is loaded as it was saved."""

from django.contrib.auth import get_user_model
from django.core import serializers
from django.core.management import call_command

from ..models import RequestToken


def test_loading_a_closed_account_revokes_none_of_its_links(session_token, tmp_path):
    # By an UPDATE, which the app does not notice; save() would revoke the link here.
    get_user_model().objects.update(is_active=False)
    backup = tmp_path / "users.json"
    backup.write_text(serializers.serialize("json", get_user_model().objects.all()))

    call_command("loaddata", str(backup), verbosity=0)

    assert RequestToken.objects.get().revoked_at is None
