"""The pictures of the README; `make pictures` writes them into docs/."""

import os
from base64 import b64encode
from pathlib import Path

import pytest

from tests.browser.person import make_address

pytestmark = pytest.mark.browser

LARGEST = 200_000

SIDE_BY_SIDE = """
async (pictures) => {
  document.body.style = "margin: 0; display: flex; gap: 20px; background: #d8d5ca";
  const images = pictures.map((picture) => Object.assign(new Image(), { src: `data:image/png;base64,${picture}` }));
  document.body.append(...images);
  await Promise.all(images.map((image) => image.decode()));
}
"""


def save_picture(page, name, folder, **options):
    path = Path(os.environ.get("PICTURES_DIR") or folder) / name
    page.screenshot(path=path, animations="disabled", **options)
    return path.stat().st_size


def test_the_front_page_makes_a_picture(come, tmp_path):
    person = come(viewport={"width": 1280, "height": 1000})
    person.open("/")

    size = save_picture(person.page, "front-page.png", tmp_path)

    assert 10_000 < size < LARGEST


def test_a_confirm_page_and_the_laboratory_make_a_picture(come, tmp_path):
    window = {"width": 720, "height": 900}
    reader, breaker, address = come(viewport=window), come(viewport=window), make_address()
    reader.open("/newsletter/subscribe/")
    reader.write("Email address", address)
    reader.press("Subscribe")
    reader.follow_link_in_email(address, to="/newsletter/confirm/")
    breaker.open("/demo/laboratory/")
    breaker.press("Run all of them")
    both = come(viewport={"width": 1460, "height": 900}).page

    halves = [reader.page.screenshot(animations="disabled"), breaker.page.screenshot(animations="disabled")]
    both.evaluate(SIDE_BY_SIDE, [b64encode(half).decode() for half in halves])
    size = save_picture(both, "confirm-and-laboratory.png", tmp_path)

    assert 10_000 < size < LARGEST
