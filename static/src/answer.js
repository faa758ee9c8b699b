// Confirming a payment: the button says what a confirmation lets go while rows are ticked, and sends it. The server adds
// up anew, and shows its own sum where the two differ.

const pounds = new Intl.NumberFormat('en-GB', { style: 'currency', currency: 'GBP' })
const inWords = pence => pounds.format(pence / 100).replace('-', '−')

document.addEventListener('change', ({ target }) => {
  const form = target.form
  const button = target.type === 'checkbox' && form && form.querySelector('button[data-pence]')
  if (!button) return
  const ticked = [...form.querySelectorAll('tr[data-pence]')].filter(row => row.querySelector('input:checked'))
  const queried = ticked.reduce((sum, row) => sum + Number(row.dataset.pence), 0)
  button.value = Number(button.dataset.pence) - (button.dataset.holds ? queried : 0)
  button.textContent = `Confirm ${inWords(button.value)}`
  const beside = form.querySelector('[data-queried]')
  beside.textContent = ticked.length ? `${inWords(queried)} is queried${button.dataset.holds ? ', and held' : ', and still paid'}.` : ''
})
