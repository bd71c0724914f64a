from pathlib import Path

import pytest
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.management import call_command


@pytest.fixture
def collected(settings, tmp_path):
    """The static files as production has them."""
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
    }
    call_command("collectstatic", interactive=False, verbosity=0)
    return tmp_path


def test_collected_files_are_served_by_name_and_content_and_kept_for_long(collected, client):
    url = staticfiles_storage.url("css/site.css")

    response = client.get(url)

    assert url != "/static/css/site.css"
    assert response.status_code == 200
    assert b"".join(response.streaming_content) == Path(collected, url.removeprefix("/static/")).read_bytes()
    assert "immutable" in response["Cache-Control"]
