// A file that is too large is named before it is sent: on a telephone, sending it takes minutes.

document.addEventListener('change', ({ target }) => {
  const told = target.type === 'file' && target.form.querySelector('[data-largest]')
  if (!told) return
  const large = [...target.files].filter(file => file.size > told.dataset.largest)
  told.className = 'govuk-error-message' // not before: answer.js looks for refused forms by it
  told.hidden = !large.length
  told.lastElementChild.textContent = large.map(file => file.name).join(', ')
})
