// details.print-open are open on paper, whatever they are on the screen.
export function openForPrint() {
  let opened = []
  window.addEventListener('beforeprint', () => {
    opened = [...document.querySelectorAll('details.print-open:not([open])')]
    opened.forEach(details => { details.open = true })
  })
  window.addEventListener('afterprint', () => opened.forEach(details => { details.open = false }))
}
