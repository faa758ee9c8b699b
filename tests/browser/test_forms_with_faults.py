"""Every form of the portal as it comes back when nothing of it was filled in: what is wrong is said so that everybody
can find it.
"""

from collections import Counter

from bs4 import BeautifulSoup
from playwright.sync_api import Page, expect

from tests.browser.looks import assert_accessible, assert_fits, take_picture
from tests.browser.test_every_page import IS_CAMPAIGN, each_page

KINDS = {"text", "email", "textarea", "password", "radio", "select"}
"""Of fields that may be wrong."""
FORMS = "main form[method=post]:not([data-hx-trigger^=load])"
"""Those that a person sends."""
EMPTY = """form => {
    const fields = [...form.elements].filter(each => !['hidden', 'submit', 'button'].includes(each.type) && each.name)
    for (const field of fields) {
        if (field.matches('[type=checkbox], [type=radio]')) field.checked = false
        else if (field.tagName === 'SELECT') field.selectedIndex = 0
        else field.value = ''
    }
    return fields.some(each => !each.matches('[type=checkbox], select'))
}"""
WRONG = """() => [...document.querySelectorAll('main .govuk-form-group--error')].map(group => {
    const field = group.querySelector('textarea, select, input:not([type=hidden])')
    return !field ? '' : field.tagName === 'INPUT' ? field.type : field.tagName.toLowerCase()
})"""


def forms_of(page: Page, address: str) -> int:
    """How many this page has for this person: its HTML is asked for without drawing it, since most have none."""
    answer = page.request.get(address)
    assert answer.ok, f"{address}: {answer.status}"
    return len(BeautifulSoup(answer.text(), "lxml").select(FORMS))


def sent_empty(page: Page, number: int) -> bool:
    """Empty one form of the page and send it; whether it came back. One of buttons alone is not sent."""
    form = page.locator(FORMS).nth(number)
    if not form.evaluate(EMPTY):
        return False
    page.evaluate("window.isOld = true")
    with page.expect_response(lambda answer: answer.request.method == "POST" and "keep" not in answer.url) as answered:
        form.evaluate("form => form.requestSubmit(form.querySelector('[type=submit]:not([name=choose])'))")
    answer = answered.value
    if "hx-request" in answer.request.headers and "hx-redirect" not in answer.headers:
        page.wait_for_timeout(100)  # for the answer to become part of the page
    else:
        page.wait_for_function("!window.isOld")
        page.wait_for_load_state()
    if answer.status == 422:
        expect(page.locator(".govuk-error-summary")).to_be_visible()
    return answer.status == 422


def test_no_form_that_comes_back_has_a_fault_that_can_be_measured(app, open_browser, sign_in, subtests):
    came_back, wrong = Counter(), Counter()
    for endpoint, address, page in each_page(app, open_browser, sign_in):
        if endpoint.startswith("demo."):
            continue
        for number in range(forms_of(page, address)):
            with subtests.test(endpoint=endpoint, number=number):
                page.goto(address)
                if not sent_empty(page, number):
                    continue
                came_back[endpoint] += 1
                wrong.update(page.evaluate(WRONG))
                assert page.title().startswith("Error: ")
                take_picture(page, f"faults-{endpoint}")
                assert_accessible(page)
                page.set_viewport_size({"width": 320, "height": 640})
                assert_fits(page)
                if IS_CAMPAIGN:
                    assert_accessible(page)
                page.set_viewport_size({"width": 1280, "height": 900})
    assert len(came_back) >= 30, came_back
    assert set(wrong) >= KINDS, wrong
