// Confirming a payment. The button says what a confirmation lets go while rows are ticked, and sends it; the server adds
// up anew, and shows its own sum where the two differ. Typing a name hides the other rows, which stay in the form. What
// is ticked and written is kept on the server as it is typed, since its person may go and look at another page.

const pounds = new Intl.NumberFormat('en-GB', { style: 'currency', currency: 'GBP' })
const inWords = pence => pounds.format(pence / 100).replace('-', '−')
const answer = element => element && element.closest && element.closest('form[data-keep]')

function addUp(form) {
  const button = form.querySelector('button[data-pence]')
  if (!button) return
  const ticked = [...form.querySelectorAll('tr[data-pence]')].filter(row => row.querySelector('input:checked'))
  const queried = ticked.reduce((sum, row) => sum + Number(row.dataset.pence), 0)
  const { holds } = button.dataset
  button.value = Number(button.dataset.pence) - (holds ? queried : 0)
  button.textContent = `Confirm ${inWords(button.value)}`
  form.querySelector('[data-queried]').textContent = ticked.length
    ? `${inWords(queried)} of ${ticked.length} ${ticked.length === 1 ? 'row' : 'rows'} queried and ${holds ? 'held' : 'still paid'}`
    : ''
}

// --- finding, as models/words.py folds: without accents, capitals and apostrophes

const LETTERS = { ł: 'l', ø: 'o', đ: 'd', ħ: 'h', ŧ: 't', ı: 'i', ŋ: 'ng', æ: 'ae', œ: 'oe', þ: 'th', ð: 'd', ß: 'ss' }
const folded = text => text.toLowerCase().normalize('NFKD').replace(/[\u0300-\u036f\u200b-\u200f'’‘ʼ`´]/g, '')
  .replace(/[łøđħŧıŋæœþðß]/g, letter => LETTERS[letter]).replace(/[-‐-―−]/g, ' ')

// The words of what is typed, without the commas and brackets of what was copied. One letter is the beginning of a name,
// and not looked for in references: all of them may begin with it.
const searched = text => folded(text).split(/[\s,;]+/).map(word => word.replace(/^[.:()[\]]+|[.:()[\]]+$/g, '')).filter(Boolean)
const stands = (word, name) => word.length > 1 ? name.includes(word) : ` ${name.split('(')[0]}`.includes(` ${word}`)

function find(form) {
  const words = searched(form.elements.find.value)
  let found = 0
  for (const group of form.querySelectorAll('.fold')) {
    const shown = [...group.querySelectorAll('tbody')].filter(row => {
      const name = folded(row.querySelector('th').textContent)
      row.hidden = !words.every(word => stands(word, name))
      return !row.hidden
    })
    found += shown.length
    group.hidden = !shown.length
    if (group.tagName === 'DETAILS' && words.length) group.open = true
  }
  form.querySelector('[data-none]').hidden = found > 0
  form.querySelector('[data-found]').textContent = words.length ? `${found} found` : ''
}

// --- keeping

let waits
let timer

function keep() {
  clearTimeout(timer)
  if (!waits || !waits.isConnected) return
  const [form, typed] = [waits, new FormData(waits)]
  waits = undefined
  for (const [name, value] of [...typed]) { // a file would be sent again with each word
    if (typeof value !== 'string' || (!value && name.startsWith('query-'))) typed.delete(name)
  }
  // as htmx asks, so that the answer is no page; and it is no sign of life, since nobody may be there
  const headers = { 'HX-Request': 'true', 'X-Background': 'keep' }
  fetch(form.dataset.keep, { method: 'POST', body: typed, headers, keepalive: true }).catch(() => {})
}

function keepSoon(form) {
  waits = form
  clearTimeout(timer)
  timer = setTimeout(keep, 1000)
}

window.addEventListener('pagehide', keep)
document.addEventListener('visibilitychange', () => { if (document.hidden) keep() })
document.addEventListener('submit', ({ target }) => { if (answer(target)) { clearTimeout(timer); waits = undefined } })

// What stands in it already, since it was refused, is kept when they leave again. What is kept still, is not: this page
// may be older than what was kept last, say where it was reloaded while that was under way.
function keepLater() {
  const form = document.querySelector('form[data-keep]:not([data-kept])')
  if (form && form.querySelector('[name=query]:checked, .govuk-error-message')) waits = form
}

keepLater()
document.addEventListener('htmx:afterSettle', keepLater)

// What was typed or ticked before this script had come; forms that htmx brings find it here.
const early = document.querySelector('form[data-keep]')
if (early?.elements.find) {
  if (early.elements.find.value !== early.elements.find.defaultValue) find(early)
  if ([...early.elements].some(box => box.checked !== box.defaultChecked)) addUp(early)
}

// --- what its person does

document.addEventListener('input', ({ target }) => {
  const form = answer(target)
  if (!form) return
  if (target.name === 'find') find(form)
  else keepSoon(form)
})

document.addEventListener('change', ({ target }) => {
  const form = target.type === 'checkbox' && answer(target)
  if (!form) return
  addUp(form)
  keep() // a tick waits for no more to be typed: whoever loads the page again at once finds it
})

// Enter in a box would press the first button. In the search it goes on to the first row that is found.
document.addEventListener('keydown', event => {
  const { target, key } = event
  const form = key === 'Enter' && target.tagName === 'INPUT' && answer(target)
  if (!form) return
  event.preventDefault()
  if (target.name !== 'find') return
  const first = [...form.querySelectorAll('tbody:not([hidden]) input[type=checkbox]')].find(box => box.offsetParent)
  if (first) first.focus()
})
