// form[data-passkey]: the browser makes a passkey (create) or answers with one (get), and the answer goes with the form.
// Loaded on the pages that have such a form, and on no other.
import { focusAfterSwap } from './focus.js'

const form = document.querySelector('form[data-passkey]')
let isBusy = false

const bytes = text => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), letter => letter.charCodeAt(0))

function text(buffer) {
  const letters = Array.from(new Uint8Array(buffer), byte => String.fromCharCode(byte)).join('')
  return btoa(letters).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '')
}

function say(problem) {
  const notices = document.getElementById('notices')
  notices.innerHTML = document.querySelector(`[data-passkey-problem="${problem}"]`).innerHTML
  focusAfterSwap(notices)
}

// What the server asks; or it has sent us to another page, since the log-in is over or the password is due.
async function question() {
  const body = new FormData()
  body.append('csrf_token', form.elements.csrf_token.value)
  const answer = await fetch(form.dataset.question, { method: 'POST', body })
  if (answer.redirected) {
    location.assign(answer.url)
    return null
  }
  if (!answer.ok) throw new Error(answer.status)
  const asked = await answer.json()
  asked.challenge = bytes(asked.challenge)
  if (asked.user) asked.user.id = bytes(asked.user.id)
  for (const key of asked.allowCredentials || asked.excludeCredentials || []) key.id = bytes(key.id)
  return asked
}

function written({ id, rawId, type, response }) {
  const said = {}
  for (const part of ['clientDataJSON', 'attestationObject', 'authenticatorData', 'signature']) {
    if (response[part]) said[part] = text(response[part])
  }
  if (response.getTransports) said.transports = response.getTransports()
  return JSON.stringify({ id, rawId: text(rawId), type, response: said })
}

// Browsers do not tell a person who cancels from one whose device has no such passkey.
function problemOf({ name }, waited, allowed) {
  if (name === 'InvalidStateError') return 'known'
  if (name === 'SecurityError') return 'elsewhere'
  if (name === 'NotAllowedError' || name === 'AbortError') return waited < allowed - 1000 ? 'cancelled' : 'late'
  return 'failed'
}

async function ask() {
  let allowed = Infinity
  const began = Date.now()
  try {
    const asked = await question()
    if (!asked) return
    allowed = asked.timeout
    form.elements.credential.value = written(await navigator.credentials[form.dataset.passkey]({ publicKey: asked }))
    form.submit()
  } catch (error) {
    say(problemOf(error, Date.now() - began, allowed))
  }
}

async function begin(event) {
  const { name } = form.elements
  if (name && !name.value.trim()) return // the server says that it is missing
  event.preventDefault()
  if (isBusy) return
  isBusy = true
  form.setAttribute('aria-busy', 'true')
  await ask()
  isBusy = false
  form.removeAttribute('aria-busy')
}

if (form) {
  document.querySelector('[data-passkey-without]').hidden = true
  if (window.PublicKeyCredential && navigator.credentials) {
    form.hidden = false
    form.addEventListener('submit', begin)
  } else {
    say('unsupported')
  }
}
