"""A headless Chromium for the tests of the page."""

import chromium
import pytest

PROGRAM = chromium.find()


@pytest.fixture(scope="package")
def chromium_browser():
    if PROGRAM is None:
        pytest.skip("Chromium is not installed.")
    with chromium.Chromium(PROGRAM) as found:
        yield found


@pytest.fixture
def browser(chromium_browser):
    """The browser with a light window of 1280 by 900 pixels."""
    chromium_browser.set_viewport(width=1280, height=900)
    return chromium_browser
