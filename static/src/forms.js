// Whoever has typed something into a form and not sent it is asked before it is lost.

const typed = new Set()
const isKept = form => form && form.method === 'post' && !form.hasAttribute('data-no-warning')
const isLost = (place = document) => [...typed].some(form => form.isConnected && place.contains(form))

// What stands on the page unsent, and going on without asking about it (session.js).
export const unsent = () => [...typed].find(form => form.isConnected)
export const forgetUnsent = () => typed.clear()

document.addEventListener('input', event => { if (isKept(event.target.form)) typed.add(event.target.form) })
for (const name of ['submit', 'reset']) document.addEventListener(name, event => typed.delete(event.target))

// sent by htmx and refused: it still stands there, and is not kept anywhere
document.addEventListener('htmx:afterRequest', event => {
  const { elt, successful } = event.detail
  if (!successful && isKept(elt.closest('form'))) typed.add(elt.closest('form'))
})

// a link that puts something else in the form's place
document.addEventListener('htmx:confirm', event => {
  const { verb, target } = event.detail
  if (verb === 'get' && isLost(target) && !window.confirm('You have not sent what you typed here. Leave it?')) event.preventDefault()
})

window.addEventListener('beforeunload', event => {
  if (!isLost()) return
  event.preventDefault()
  event.returnValue = true // what browsers of before 2024 go by
})
