"""The page of a scene opens from disk without a network and shows what our own renderer shows."""

import pytest

from tests.browser.chromium import MISSING, find_chromium
from tests.browser.open_page import open_page
from tests.render.view.viewed import many_coloured

pytestmark = pytest.mark.skipif(find_chromium() is None, reason=MISSING)


def test_a_page_shows_its_scene_from_disk():
    opened = open_page(many_coloured(), (400, 300), 60)
    assert (opened.errors, opened.requests) == ([], [])
    assert opened.right, f"correlation {opened.correlation:.3f}, mean difference {opened.difference:.0f}"
