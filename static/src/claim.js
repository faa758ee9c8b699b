// A claim: an item is added and edited in a dialog, which opens once htmx has brought it. Loaded on the pages of claims,
// and on no other.
const brought = () => document.querySelector('#dialog dialog')
document.addEventListener('htmx:afterSettle', () => {
  const dialog = brought()
  if (!dialog || dialog.open) return
  dialog.addEventListener('close', () => dialog.remove())
  if (dialog.showModal) dialog.showModal()
  else dialog.setAttribute('open', '')
  const place = dialog.querySelector('.govuk-error-summary') || dialog.querySelector('h2')
  place.setAttribute('tabindex', '-1')
  place.focus()
})
document.addEventListener('click', event => {
  const dialog = event.target.closest('[data-close]') && brought()
  if (!dialog || !dialog.close) return
  event.preventDefault() // the link leads back to the claim, which stands behind the dialog
  dialog.close()
})
// The panel goes on to the next claim by one key: no letter, since whoever dictates may say one by chance.
document.addEventListener('keydown', ({ key }) => {
  const next = key === 'F8' && document.querySelector('[data-next-key]')
  if (next) next.click()
})
