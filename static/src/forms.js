// Whoever has typed something into a form and not sent it is asked before it is lost.

const typed = new Set()
const isKept = form => form && form.method === 'post' && !form.hasAttribute('data-no-warning')

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

window.addEventListener('beforeunload', event => {
  if (![...typed].some(form => form.isConnected && !form.dataset.keep)) return // a form that keeps itself: answer.js
  event.preventDefault()
  event.returnValue = true // what browsers of before 2024 go by
})
