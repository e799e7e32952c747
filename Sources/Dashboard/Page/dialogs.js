// Questions before a change, and words about what became of it.

import { h } from './dom.js'

let fields = 0

/** A labelled field: `{label, name, type, value, required, hint, options}`; an option is a value, or one and its text. */
export function makeField({ label, name, hint, options, type = 'text', ...properties }) {
  const id = `field-${(fields += 1)}`
  const hintID = hint && `${id}-hint`
  const shared = { id, name, 'aria-describedby': hintID }
  const input = options
    ? h('select', shared, options.map((option) => [option].flat()).map(([value, text = value]) =>
        h('option', { value, selected: value === properties.value }, text)))
    : h('input', { ...shared, type, autocomplete: 'off', spellcheck: 'false', ...properties })
  return h('div', { class: 'field' }, h('label', { for: id }, label), input, hint && h('p', { class: 'hint', id: hintID }, hint))
}

/**
 * Asks once, and does it: the dialog names the effect and stays open with the reason when the gateway refuses.
 *
 * Answers what `action(values)` answered, or undefined when it was called off.
 */
export function ask({ title, effect, verb, danger = false, fields: wanted = [], action }) {
  return new Promise((resolve) => {
    const titleID = `field-${(fields += 1)}`
    const fault = h('p', { class: 'fault', role: 'alert' })
    const confirm = h('button', { type: 'submit', class: danger ? 'danger' : 'primary' }, verb)
    const cancel = h('button', { type: 'button', onclick: () => dialog.close() }, 'Cancel')
    const form = h(
      'form',
      { onsubmit: submit },
      h('h2', { id: titleID }, title),
      [effect].flat().map((text) => h('p', {}, text)),
      h('div', { class: 'fields' }, wanted.map(makeField)),
      fault,
      h('div', { class: 'buttons' }, cancel, confirm)
    )
    // Many fields stand side by side, so that all of them are seen at once.
    const dialog = h('dialog', { 'aria-labelledby': titleID, class: wanted.length > 4 && 'wide' }, form)
    let answer

    async function submit(event) {
      event.preventDefault()
      confirm.disabled = true
      fault.textContent = ''
      try {
        answer = (await action(Object.fromEntries(new FormData(form)))) ?? null
        dialog.close()
      } catch (error) {
        fault.textContent = error.message
        confirm.disabled = false
      }
    }

    dialog.addEventListener('close', () => {
      // A secret that was typed leaves the page with the dialog.
      form.reset()
      dialog.remove()
      resolve(answer)
    })
    document.body.append(dialog)
    dialog.showModal()
    // What would destroy is not what the return key does by itself.
    if (wanted.length === 0 && danger) cancel.focus()
  })
}

/** Shows a secret, the only time that it is seen. */
export function showSecret({ title, text, secret }) {
  return new Promise((resolve) => {
    const titleID = `field-${(fields += 1)}`
    const field = h('input', { type: 'text', readonly: true, class: 'secret', value: secret, 'aria-label': 'Secret' })
    const told = h('span', { role: 'status' })
    const copy = async () => {
      try {
        await navigator.clipboard.writeText(secret)
        told.textContent = 'Copied.'
      } catch {
        field.select()
        told.textContent = 'Selected: copy it with the keyboard.'
      }
    }
    const dialog = h(
      'dialog',
      { 'aria-labelledby': titleID },
      h('h2', { id: titleID }, title),
      h('p', {}, text),
      h('div', { class: 'secret-row' }, field, h('button', { type: 'button', class: 'primary', onclick: copy }, 'Copy')),
      h('div', { class: 'buttons' }, told, h('button', { type: 'button', onclick: () => dialog.close() }, 'I have it'))
    )
    dialog.addEventListener('close', () => {
      // The secret leaves the page with the dialog.
      field.value = ''
      dialog.remove()
      resolve()
    })
    document.body.append(dialog)
    dialog.showModal()
  })
}

const shownMilliseconds = { status: 6000, alert: 12000 }

/** Says what was done, or what went wrong, and goes away by itself. */
export function tell(text, role = 'status') {
  const place = document.getElementById(role === 'alert' ? 'alerts' : 'messages')
  const dismiss = () => message.remove()
  const close = h('button', { type: 'button', class: 'quiet', 'aria-label': 'Dismiss', onclick: dismiss }, '×')
  const message = h('div', { class: `message ${role}` }, h('p', {}, text), close)
  place.append(message)
  setTimeout(dismiss, shownMilliseconds[role])
}
