// details[data-closes]: a list that opens over the page closes by Escape, and when one goes on elsewhere.

const open = () => document.querySelector('details[data-closes][open]')

document.addEventListener('keydown', event => {
  const list = open()
  if (!list || event.key !== 'Escape') return
  list.open = false
  list.querySelector('summary').focus()
})

for (const name of ['click', 'focusin']) {
  document.addEventListener(name, event => {
    const list = open()
    if (list && !list.contains(event.target)) list.open = false
  })
}
