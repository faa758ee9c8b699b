// textarea[data-most]: how many characters are left of so many; a line break is one, and so is an emoji.
document.addEventListener('input', ({ target: box }) => {
  const { most } = box.dataset
  if (!most) return
  const left = most - [...box.value].length
  const line = box.nextElementSibling || box.parentNode.appendChild(Object.assign(document.createElement('p'), { className: 'govuk-hint', role: 'status' }))
  line.textContent = left < 0 ? `${-left} characters too many` : left < 1000 ? `${left} characters left` : ''
})
