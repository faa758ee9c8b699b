"""Files of an action on a telephone: one that is too large, and a photograph that says where it was taken."""

import pytest
from playwright.sync_api import expect

from models.correspondence.attachment import Attachment
from models.permissions import Role
from tests.browser.looks import assert_accessible, assert_fits, take_picture
from tests.factories import make_provider, make_user
from tests.support.files import PDF, picture
from tests.support.rows import every


@pytest.mark.covers("S0-046", "S4-090")
def test_a_photograph_is_sent_without_where_it_was_taken_and_a_large_file_is_named(open_browser, sign_in):
    provider, page = make_provider(), open_browser("script-320")
    sign_in(page, make_user(Role.FINANCE, provider))
    page.goto(f"/providers/{provider.id}/actions/new")
    page.get_by_label("Title").fill("A receipt")
    page.get_by_label("Text").fill("Here it is.")
    large = {"name": "scan.pdf", "mimeType": "application/pdf", "buffer": PDF + bytes(10_000_000) + b"%%EOF"}
    photograph = {"name": "IMG_0001.JPG", "mimeType": "image/jpeg", "buffer": picture("JPEG", (400, 300))}
    page.get_by_label("Files").set_input_files([photograph, large])
    expect(page.locator("[data-largest]")).to_have_text("Larger than 10 MB, and cannot be sent: scan.pdf")
    take_picture(page, "files-too-large")
    page.get_by_role("button", name="Create Action").click()

    expect(page.get_by_role("alert").first).to_contain_text(
        "“scan.pdf” has a little more than 10 MB, and a file can have 10 MB"
    )
    expect(page.get_by_label("Text")).to_have_value("Here it is.")
    expect(page.get_by_label("IMG_0001.JPG")).to_be_checked()
    assert_fits(page)
    assert_accessible(page)
    take_picture(page, "files-refused")
    page.get_by_role("button", name="Create Action").click()

    page.get_by_role("link", name="A receipt").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="IMG_0001.JPG").click()
    assert download.value.suggested_filename == "IMG_0001.JPG"
    assert b"Camera" not in download.value.path().read_bytes()
    assert [each.name for each in every(Attachment)] == ["IMG_0001.JPG"]
