// The only script of the portal. Every page works without it: it saves reloads, and keeps the keyboard in its place.
import htmx from 'htmx.org/dist/htmx.esm.js'
import { createAll } from 'govuk-frontend/dist/govuk/init.mjs'
import { Button } from 'govuk-frontend/dist/govuk/components/button/button.mjs'
import { ErrorSummary } from 'govuk-frontend/dist/govuk/components/error-summary/error-summary.mjs'
import { NotificationBanner } from 'govuk-frontend/dist/govuk/components/notification-banner/notification-banner.mjs'
import { PasswordInput } from 'govuk-frontend/dist/govuk/components/password-input/password-input.mjs'
import { ServiceNavigation } from 'govuk-frontend/dist/govuk/components/service-navigation/service-navigation.mjs'
import { SkipLink } from 'govuk-frontend/dist/govuk/components/skip-link/skip-link.mjs'
import { announce, focusAfterSwap, keepFocus } from './focus.js'
import './answer.js'
import './count.js'
import './files.js'
import './forms.js'
import { openForPrint } from './print.js'
import { watchSession } from './session.js'
import './switch.js'

const { body } = document

function start(scope) {
  for (const component of [ErrorSummary, Button, NotificationBanner, PasswordInput, ServiceNavigation, SkipLink]) {
    createAll(component, undefined, { scope, onError: () => {} })
  }
}

body.classList.add('js-enabled')
if ('noModule' in HTMLScriptElement.prototype) body.classList.add('govuk-frontend-supported')
start(document)

// --- swaps

let hadFocus = false

body.addEventListener('htmx:beforeRequest', event => {
  hadFocus = document.activeElement !== body
  event.detail.target.setAttribute('aria-busy', 'true')
})

// A problem is about the last try: the next answer takes it away.
body.addEventListener('htmx:beforeSwap', () => {
  document.querySelectorAll('#notices .govuk-notification-banner--problem').forEach(old => old.remove())
})

body.addEventListener('htmx:afterRequest', () => {
  document.querySelectorAll('[aria-busy]').forEach(element => element.removeAttribute('aria-busy'))
  if (hadFocus) setTimeout(keepFocus, 50) // after htmx has settled
})

body.addEventListener('htmx:afterSettle', event => {
  const swapped = event.detail.elt
  // role=alert is read aloud where it is; it must not take the focus from what was swapped
  swapped.querySelectorAll('[role=alert]').forEach(alert => alert.setAttribute('data-disable-auto-focus', 'true'))
  start(swapped.parentElement || swapped)
  announce(swapped)
  markOpened(swapped)
  // whoever is choosing in a filter goes on choosing
  const { requestConfig } = event.detail
  focusAfterSwap(swapped, Boolean(requestConfig && requestConfig.elt.hasAttribute('data-autosubmit')))
})

// What is opened beside a list is marked in it.
function markOpened(swapped) {
  const { opened } = swapped.dataset
  if (!opened) return
  for (const link of document.querySelectorAll('.review__list tbody a')) {
    if (link.getAttribute('href') === opened) link.setAttribute('aria-current', 'true')
    else link.removeAttribute('aria-current')
  }
}

// No answer at all: say so where every other problem is said.
for (const name of ['htmx:sendError', 'htmx:timeout']) {
  body.addEventListener(name, () => {
    const notices = document.getElementById('notices')
    const template = document.getElementById('no-answer')
    if (!template || !notices) return
    notices.innerHTML = template.innerHTML
    focusAfterSwap(notices)
  })
}

// --- small conveniences

// form[data-autosubmit]: choosing in a select is enough
document.addEventListener('change', event => {
  const { form } = event.target
  if (!form || !form.hasAttribute('data-autosubmit') || !event.target.matches('select')) return
  if (form.requestSubmit) form.requestSubmit()
  else form.querySelector('[type=submit]').click()
})

// details[data-working]: its contents are fetched when it is opened, once. One listener for all: a payment has hundreds
document.addEventListener('toggle', ({ target }) => {
  const { working } = target.dataset
  if (!working) return
  delete target.dataset.working
  htmx.ajax('GET', working, { source: target, target, swap: 'beforeend' })
}, true)

// form[data-send-now]: nothing to decide, so it goes by itself
const sendNow = document.querySelector('form[data-send-now]')
if (sendNow) sendNow.submit()

// button[data-print]
document.addEventListener('click', event => {
  if (event.target.closest('[data-print]')) window.print()
})

openForPrint()
watchSession()
