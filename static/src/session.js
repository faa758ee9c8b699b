// Five minutes before the session ends its person is asked whether to stay. The server knows how long is left: other
// tabs may have gone on, and asking does not keep the session open.
import { forgetUnsent, unsent } from './forms.js'

const WARNING = 5 * 60
const AGAIN = 30 // seconds, when there was no answer

const { session: address, sessionLeft } = document.body.dataset
let timer
let due

function askIn(seconds) {
  clearTimeout(timer)
  due = Date.now() + seconds * 1000
  timer = setTimeout(ask, seconds * 1000)
}

// As htmx asks, so that the answer is a part of a page, or says where to go.
function send(url, options = {}) {
  const headers = { 'HX-Request': 'true', 'HX-Current-URL': location.href, ...options.headers }
  return fetch(url, { ...options, headers })
}

async function ask() {
  askIn(AGAIN)
  const answer = await send(address, { headers: { 'X-Background': 'session' } }).catch(() => null)
  if (answer) await take(answer)
}

// The dialog, with the seconds that are left in it; or the session is over.
async function take(answer) {
  const over = answer.headers.get('HX-Redirect')
  if (over) return leave(over)
  if (!answer.ok) return undefined
  const template = document.createElement('template')
  template.innerHTML = await answer.text()
  const dialog = template.content.querySelector('dialog')
  if (!dialog) return undefined
  const left = Number(dialog.dataset.left)
  close()
  if (left > WARNING) return askIn(left - WARNING)
  warn(dialog)
  return askIn(left + 1)
}

function warn(dialog) {
  document.body.append(dialog)
  dialog.addEventListener('close', () => dialog.remove())
  dialog.addEventListener('cancel', event => { // the Escape key: somebody is there
    const form = dialog.querySelector('[data-stay]')
    if (form) { event.preventDefault(); form.requestSubmit() }
  })
  dialog.addEventListener('submit', event => {
    if (!event.target.matches('[data-stay]')) return
    event.preventDefault()
    send(event.target.action, { method: 'POST', body: new FormData(event.target) }).then(take, () => {})
  })
  dialog.addEventListener('click', event => { if (event.target.closest('[data-close]')) close() })
  if (dialog.showModal) dialog.showModal()
  else dialog.setAttribute('open', '')
  dialog.querySelector('[autofocus]').focus()
}

// The focus goes back to where it was.
function close() {
  const dialog = document.getElementById('session-warning')
  if (!dialog) return
  if (dialog.close) dialog.close()
  dialog.remove()
}

// What was typed and not sent is kept on the server; secrets and files are not.
async function leave(page) {
  const form = unsent()
  let to = page
  if (form) {
    const typed = new FormData(form)
    for (const field of form.querySelectorAll('[type=file], [type=password]')) typed.delete(field.name)
    const where = `/session-over?page=${encodeURIComponent(form.getAttribute('action'))}`
    const answer = await send(where, { method: 'POST', body: typed }).catch(() => null)
    to = (answer && answer.headers.get('HX-Redirect')) || page
  }
  forgetUnsent()
  location.assign(to)
}

export function watchSession() {
  if (!address || !window.fetch) return
  askIn(Math.max(Number(sessionLeft) - WARNING, 1))
  // a computer that slept wakes up, or a telephone comes back to this tab
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden && (Date.now() > due || document.getElementById('session-warning'))) ask()
  })
}
