// The grid of a week of actuals. htmx sends each row as its box is left; here is what it sends, which rows are not saved
// yet, and the keys of a spreadsheet. Loaded on the page of the grid, and on no other.

const form = document.getElementById('sheet')
const rowOf = element => element && element.closest && element.closest('tr[data-hx-post]')

// Of the form only the row goes, and what shows that it is of this session.
document.addEventListener('htmx:configRequest', ({ detail }) => {
  const row = rowOf(detail.elt)
  if (!row) return
  const own = `rows-${row.id.slice(4)}-`
  for (const name of [...detail.formData.keys()]) {
    if (name.startsWith('rows-') && !name.startsWith(own)) detail.formData.delete(name)
  }
})

// --- what is not saved: each such row is typed in, sent or lost

const unsaved = new Map()

function tell() {
  const line = form.querySelector('[data-unsaved]')
  const lost = [...unsaved.values()].filter(state => state === 'lost').length
  line.textContent = lost ? `${lost} ${lost === 1 ? 'row is' : 'rows are'} not saved: there was no answer. ` : ''
  if (lost) {
    const again = Object.assign(document.createElement('button'), { type: 'button', className: 'link-button', textContent: 'Try again' })
    again.addEventListener('click', trySaving)
    line.append(again)
  }
  if (!unsaved.size) form.dispatchEvent(new Event('reset', { bubbles: true })) // nothing could be lost: forms.js
}

function trySaving() {
  for (const [row, state] of unsaved) {
    if (state === 'lost') row.dispatchEvent(new Event('change', { bubbles: true }))
  }
}

for (const name of ['input', 'change']) {
  document.addEventListener(name, ({ target }) => { if (rowOf(target)) unsaved.set(rowOf(target), 'typed') }, true)
}

document.addEventListener('htmx:beforeRequest', ({ detail }) => { if (rowOf(detail.elt)) unsaved.set(rowOf(detail.elt), 'sent') })

document.addEventListener('htmx:afterRequest', ({ detail }) => {
  const row = rowOf(detail.elt)
  if (!row) return
  const { status } = detail.xhr
  // typed on while it was on its way: then it is sent again
  if (detail.successful) { if (unsaved.get(row) === 'sent') unsaved.delete(row) }
  else unsaved.set(row, status === 422 ? 'typed' : 'lost')
  tell()
})

window.addEventListener('online', trySaving)

// --- keys

// Enter and the arrows go up and down in a column; Enter does not send the form.
form.addEventListener('keydown', event => {
  const { target, key, shiftKey, altKey, ctrlKey, metaKey } = event
  if (target.tagName !== 'INPUT' || altKey || ctrlKey || metaKey) return
  const step = { Enter: shiftKey ? -1 : 1, ArrowDown: 1, ArrowUp: -1 }[key]
  if (!step) return
  event.preventDefault()
  const [column] = target.id.split('-')
  const boxes = [...form.querySelectorAll(`input[id^="${column}-"]`)]
  const next = boxes[boxes.indexOf(target) + step]
  if (next) {
    next.focus()
    next.select()
  } else if (key === 'Enter') {
    target.dispatchEvent(new Event('change', { bubbles: true })) // the last one: as if it was left
  }
})
