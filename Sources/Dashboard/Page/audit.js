// The audit log: who changed what, when, and whence.

import * as api from './api.js'
import { absent, h, name } from './dom.js'
import { table } from './tables.js'
import { time } from './values.js'

export async function show({ status }) {
  await status()
  const { rows, next } = await api.list('/audit')
  return h(
    'div',
    { class: 'view' },
    h('h1', {}, 'Audit'),
    table({
      title: 'Changes',
      columns: columns(),
      rows,
      more: next,
      filter: (row) => `${row.actor} ${row.action} ${row.target}`,
      csvName: 'tollgate-audit',
      empty: 'Nothing was changed yet. Each change made here or through the API is listed with who made it.'
    })
  )
}

/** - isShort: who did what, and when. */
export function columns({ isShort = false } = {}) {
  const text = (title, member) => ({ title, name: member, cell: (row) => name(row[member]), csv: (row) => row[member] })
  const at = { title: 'At', name: 'at', cell: (row) => time(row.at), csv: (row) => row.at }
  const difference = { title: 'Change', kind: 'text', cell: change }
  if (isShort) return [at, text('Who', 'actor'), text('What', 'action'), text('Of', 'target'), difference]
  return [
    at,
    text('Who', 'actor'),
    text('Role', 'role'),
    text('What', 'action'),
    text('Of', 'target'),
    text('Whence', 'address'),
    difference,
    { name: 'before', csv: (row) => JSON.stringify(row.before) },
    { name: 'after', csv: (row) => JSON.stringify(row.after) }
  ]
}

/** The members that differ; all of what was made or deleted. */
function change({ before, after }) {
  if (before === null && after === null) return absent()
  const names = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])]
  const differing = names.filter((member) => JSON.stringify(before?.[member]) !== JSON.stringify(after?.[member]))
  const shown = (value) => (value === undefined ? '–' : typeof value === 'string' ? value : JSON.stringify(value))
  return h('details', {},
    h('summary', {}, before === null ? 'made' : after === null ? 'removed' : differing.slice(0, 3).join(', ') || 'the same'),
    h('dl', { class: 'change' }, differing.map((member) =>
      h('div', {}, h('dt', {}, member), h('dd', {}, name(before === null ? shown(after[member]) : after === null ? shown(before[member]) : `${shown(before[member])} → ${shown(after[member])}`))))))
}
