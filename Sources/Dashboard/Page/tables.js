// Tables: a heading, what can be done with the rows, a hundred rows at a time, and all of them as CSV.

import { h } from './dom.js'
import { grouped } from './numbers.js'

const rowsAtOnce = 100
let tables = 0

/** One field of RFC 4180. What a spreadsheet would evaluate gets an apostrophe in front, as in the gateway's own CSV. */
function field(value) {
  let text = value === null || value === undefined ? '' : String(value)
  const isNumber = /^-?\d+(\.\d+)?$/.test(text)
  if (/^[=+\-@\t\r\n]/.test(text) && !isNumber) text = `'${text}`
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

export function csvOf(columns, rows) {
  const kept = columns.filter((column) => column.csv)
  const lines = [kept.map((column) => column.name), ...rows.map((row) => kept.map((column) => column.csv(row)))]
  return lines.map((line) => `${line.map(field).join(',')}\r\n`).join('')
}

export function download(fileName, text) {
  const address = URL.createObjectURL(new Blob([text], { type: 'text/csv;charset=utf-8' }))
  const link = h('a', { href: address, download: fileName })
  link.click()
  setTimeout(() => URL.revokeObjectURL(address), 1000)
}

/**
 * A table in a section of its own.
 *
 * - columns: `{title, cell(row)}`, with `number` for right-aligned ones, and `name` and `csv(row)` for the CSV; without
 *   `cell` a column is in the CSV alone.
 * - more: reads the next rows and says whether there are others: `() => {rows, next}`; nothing without.
 * - filter: the text of a row that a filter looks into; there is none without it.
 */
export function table({ title, note, columns, rows, csvName, empty, tools = [], more, filter, level = 'h2' }) {
  const id = `table-${(tables += 1)}`
  const body = h('tbody')
  const foot = h('p', { class: 'table-foot' })
  const visible = columns.filter((column) => column.cell)
  let shown = [...rows]
  let next = more
  let limit = rowsAtOnce

  function draw() {
    body.replaceChildren(
      ...shown.slice(0, limit).map((row) =>
        h('tr', {}, visible.map((column) => h('td', { class: column.number ? 'numeric' : column.kind }, column.cell(row))))
      )
    )
    if (shown.length === 0) {
      body.append(h('tr', { class: 'none' }, h('td', { colspan: visible.length }, h('span', { class: 'empty' }, rows.length ? 'Nothing matches.' : empty))))
    }
    const isCut = shown.length > limit
    foot.replaceChildren()
    if (isCut || next) {
      const text = isCut ? `${grouped(limit)} of ${grouped(shown.length)}${next ? ' or more' : ''}` : `${grouped(shown.length)} so far`
      foot.append(text, h('button', { type: 'button', class: 'quiet', onclick: showMore }, 'Show more'))
    }
  }

  async function showMore(event) {
    if (shown.length > limit) {
      limit += rowsAtOnce
      return draw()
    }
    event.target.disabled = true
    try {
      const page = await next()
      rows = [...rows, ...page.rows]
      next = page.next
      limit += rowsAtOnce
      shown = matching()
      draw()
    } catch (fault) {
      event.target.disabled = false
      event.target.after(h('span', { role: 'alert', class: 'fault' }, fault.message))
    }
  }

  let wanted = ''
  const matching = () => (wanted ? rows.filter((row) => filter(row).toLowerCase().includes(wanted)) : [...rows])
  function search(event) {
    wanted = event.target.value.trim().toLowerCase()
    shown = matching()
    limit = rowsAtOnce
    draw()
  }

  draw()
  const bar = [...tools]
  if (filter && rows.length > 10) {
    bar.unshift(h('input', { type: 'search', placeholder: 'Filter what is listed', 'aria-label': `Filter what is listed: ${title}`, oninput: search }))
  }
  if (csvName && rows.length > 0) {
    const save = () => download(`${csvName}.csv`, csvOf(columns, shown))
    bar.push(h('button', { type: 'button', class: 'quiet', onclick: save, 'aria-label': `${title}: this as CSV` }, 'This as CSV'))
  }
  return h(
    'section',
    { class: 'panel', 'aria-labelledby': id },
    h('header', {}, h(level, { id }, title), h('div', { class: 'tools' }, bar)),
    note && h('p', { class: 'note' }, note),
    h(
      'div',
      { class: 'scroll', tabindex: '0', role: 'region', 'aria-labelledby': id },
      h(
        'table',
        { 'aria-labelledby': id },
        h('thead', {}, h('tr', {}, visible.map(heading))),
        body
      )
    ),
    foot
  )
}

function heading(column) {
  const text = column.title || h('span', { class: 'unseen' }, column.spoken ?? 'Actions')
  return h('th', { scope: 'col', class: column.number ? 'numeric' : column.kind }, text)
}

/** Why something could not be read; `passing` if it is worth another attempt. */
export function faultText(fault) {
  return h('p', { class: fault.isPassing ? 'fault passing' : 'fault' }, fault.message)
}

/** In place of a table that could not be read. */
export function faultPanel(title, fault) {
  return h(
    'section',
    { class: 'panel' },
    h('header', {}, h('h2', {}, title)),
    faultText(fault)
  )
}
