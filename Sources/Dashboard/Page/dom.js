// Elements are made one by one, and texts only ever become text: nothing that a client named can become markup.

const svgNamespace = 'http://www.w3.org/2000/svg'

function build(element, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value)
    else if (value === true) element.setAttribute(name, '')
    else element.setAttribute(name, value)
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false))
  return element
}

/** An HTML element with attributes, listeners (`onclick`) and children. */
export function h(name, properties = {}, ...children) {
  return build(document.createElement(name), properties, children)
}

/** An SVG element. */
export function svg(name, properties = {}, ...children) {
  return build(document.createElementNS(svgNamespace, name), properties, children)
}

/** A text that somebody chose: isolated, so that its direction turns nothing around it. */
export function name(text, properties = {}) {
  return h('bdi', { class: 'name', title: text, ...properties }, text)
}

/** A text of the API's own, such as an identifier, in a fixed width. */
export const code = (text) => h('code', {}, text)

/** The beginning of an identifier, with all of it at hand. */
export const shortCode = (text) => h('code', { title: text }, text.length > 13 ? `${text.slice(0, 12)}…` : text)

export const absent = () => h('span', { class: 'absent' }, '–')

export function button(text, action, kind = 'quiet') {
  return h('button', { type: 'button', class: kind, onclick: action }, text)
}

const focusable = (root) => [...root.querySelectorAll('a, button, input, select, summary, [tabindex]')]

/** Draws something anew: what had the focus in it has it again, with what was typed. */
export function keepFocus(root, draw) {
  const active = document.activeElement
  const index = active === root ? -1 : focusable(root).indexOf(active)
  draw()
  const element = focusable(root)[index]
  if (element?.tagName !== active.tagName) return
  element.focus({ preventScroll: true })
  if (active.tagName === 'INPUT' && active.value !== element.value) {
    element.value = active.value
    element.dispatchEvent(new Event('input'))
  }
}
