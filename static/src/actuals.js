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
let pasted = '' // what is said of the block pasted last

function tell() {
  const line = form.querySelector('[data-unsaved]')
  const lost = [...unsaved.values()].filter(state => state === 'lost').length
  line.textContent = lost ? `${lost} ${lost === 1 ? 'row is' : 'rows are'} not saved: there was no answer. ` : pasted
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

// --- a block copied from a spreadsheet fills the boxes below and to the right

const boxesOf = row => [...row.querySelectorAll('.govuk-input, .govuk-select')]
let before = new Map() // what stood in the box that somebody is in, and in those that were pasted over from there

form.addEventListener('focusin', ({ target }) => {
  before = new Map([[target, target.value]])
  if (pasted) {
    pasted = ''
    tell()
  }
})

// Lines of cells; a cell that has lines of its own, or tabs, stands between quotation marks.
function cellsOf(text) {
  const lines = [[]]
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^\t\n]*))(\t|\n|$)/g)) {
    lines.at(-1).push((quoted === undefined ? plain : quoted.replaceAll('""', '"').replaceAll('\n', ' ')).trim())
    if (!end) break
    if (end === '\n') lines.push([])
  }
  return lines
}

// A reason is chosen by its words, or by its code, as files have it; one that is not in the list is left out.
function put(box, text) {
  const said = text.toLowerCase()
  const option = box.options && [...box.options].find(each => [each.text, each.value].some(its => its.toLowerCase() === said))
  if (box.options && !option) return false
  if (!before.has(box)) before.set(box, box.value)
  box.value = option ? option.value : text
  return true
}

function saveRows(boxes) {
  for (const box of new Map(boxes.map(each => [rowOf(each), each])).values()) {
    for (const name of ['input', 'change']) box.dispatchEvent(new Event(name, { bubbles: true }))
  }
}

form.addEventListener('paste', event => {
  const { target } = event
  const text = event.clipboardData.getData('text/plain').replace(/\r\n?/g, '\n').replace(/\n$/, '')
  if (!rowOf(target) || !/[\t\n]/.test(text)) return
  event.preventDefault()
  const rows = [...form.querySelectorAll('tbody tr')]
  const top = rows.indexOf(rowOf(target))
  const left = boxesOf(rows[top]).indexOf(target)
  const filled = []
  let over = 0
  cellsOf(text).forEach((cells, n) => cells.forEach((cell, m) => {
    const box = rows[top + n] && boxesOf(rows[top + n])[left + m]
    if (box && put(box, cell)) filled.push(box)
    else if (cell) over++
  }))
  saveRows(filled)
  pasted = `${filled.length} boxes filled. ${over ? `Left out: ${over} that ${over === 1 ? 'has' : 'have'} no place here. ` : ''}Escape takes it back.`
  tell()
})

// --- keys

// Enter and the arrows go up and down in a column; Enter does not send the form. Escape puts back what stood there.
form.addEventListener('keydown', event => {
  const { target, key, shiftKey, altKey, ctrlKey, metaKey } = event
  if (key === 'Escape') {
    const changed = [...before].filter(([box, value]) => box.value !== value)
    for (const [box, value] of changed) box.value = value
    pasted = ''
    saveRows(changed.map(([box]) => box))
    tell()
  }
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
