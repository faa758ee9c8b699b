// Where the keyboard is after a swap, and what is said aloud.

const isNotices = element => element.id === 'notices'

const inside = (element, selector) => (element.matches(selector) ? element : element.querySelector(selector))

function focusOn(element, options) {
  if (!element.hasAttribute('tabindex')) element.setAttribute('tabindex', '-1')
  element.focus(options)
}

// To the error summary, else to a problem's notice, else to the new heading that asks for it, else it stays.
export function focusAfterSwap(swapped, isFilter = false) {
  const place =
    inside(swapped, '.govuk-error-summary') ||
    (isNotices(swapped) && swapped.querySelector('.govuk-notification-banner--problem')) ||
    (!isFilter && inside(swapped, 'h1[tabindex="-1"], h2[tabindex="-1"], h3[tabindex="-1"]'))
  if (place) focusOn(place)
}

// What had the focus may be gone with the swap: then the page's heading has it, never nothing.
export function keepFocus() {
  if (document.activeElement && document.activeElement !== document.body) return
  const heading = document.querySelector('#main-content h1')
  if (heading) focusOn(heading, { preventScroll: true })
}

// <div data-announce="12 payments shown">
export function announce(swapped) {
  const region = document.getElementById('announcer')
  const said = inside(swapped, '[data-announce]')
  if (!region || !said) return
  region.textContent = ''
  setTimeout(() => { region.textContent = said.getAttribute('data-announce') }, 100)
}
