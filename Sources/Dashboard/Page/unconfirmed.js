// Reservations whose outcome nobody knows: they count as spent, at their estimate, until somebody says what they cost.

import * as api from './api.js'
import { ask, tell } from './dialogs.js'
import { button, code, h, name, shortCode } from './dom.js'
import { amountText, exact, grouped, micros } from './numbers.js'
import { table } from './tables.js'
import { credits, time } from './values.js'

export async function show({ may, status, refresh }) {
  await status()
  const { rows, next } = await api.list('/ledger', { state: 'unconfirmed' })
  return h(
    'div',
    { class: 'view' },
    h('h1', {}, 'Outcome unknown'),
    h('p', { class: 'note' }, 'These requests were sent, and no answer told whether the vendor charged them: a time-out, a broken connection, a crash. ',
      'They count as spent at their estimate, and are not sent again. Look each up in the vendor’s account, and say what it cost.'),
    table({
      title: 'Unconfirmed reservations',
      columns: unconfirmedColumns(may, refresh),
      rows,
      more: next,
      filter: (row) => `${row.team} ${row.key} ${row.document_id} ${row.request_id}`,
      csvName: 'tollgate-unconfirmed',
      empty: 'The outcome of every request is known.'
    })
  )
}

/** - isShort: what tells one from another, and no more. */
export function unconfirmedColumns(may, refresh, { isShort = false } = {}) {
  const shown = [
    { title: 'Asked', name: 'created_at', cell: (row) => time(row.created_at), csv: (row) => row.created_at },
    { title: 'Team', name: 'team', cell: (row) => name(row.team), csv: (row) => row.team },
    { title: 'Key', name: 'key', cell: (row) => name(row.key), csv: (row) => row.key },
    { title: 'Document', name: 'document_id', cell: (row) => (isShort ? shortCode(row.document_id) : code(row.document_id)), csv: (row) => row.document_id },
    { title: 'Model', name: 'model', cell: (row) => name(row.model), csv: (row) => row.model },
    { title: 'Upstream key', name: 'upstream_key', cell: (row) => name(row.upstream_key), csv: (row) => row.upstream_key },
    { title: 'Request', name: 'request_id', cell: (row) => code(row.request_id), csv: (row) => row.request_id },
    { title: 'Estimate', name: 'estimate', number: true, cell: (row) => credits(row.estimate), csv: (row) => row.estimate }
  ]
  const columns = isShort ? shown.filter(({ name }) => ['created_at', 'team', 'document_id', 'estimate'].includes(name)) : shown
  return may('operator') ? [...columns, { title: '', cell: (row) => button('Resolve', () => resolve(row, refresh), 'primary') }] : columns
}

async function resolve(row, refresh) {
  const done = await ask({
    title: 'What did it cost?',
    effect: [
      `Document ${row.document_id}, estimated at ${grouped(amountText(micros(row.estimate)))} credits.`,
      'The estimate goes, and what you say counts as spent. This cannot be taken back.'
    ],
    verb: 'Resolve',
    fields: [
      { label: 'Credits that the vendor charged', name: 'credits', required: true, inputmode: 'decimal', hint: '0 for nothing.' },
      { label: 'Note', name: 'note', maxlength: 200, hint: 'Kept in the audit log; may be empty.' }
    ],
    action: ({ credits, note }) =>
      api.post(`${api.path('ledger', row.id)}/resolve`, { credits: exact(credits), ...(note && { note }) }).then(() => true)
  })
  if (!done) return
  tell('It is resolved, and the budgets follow.')
  refresh()
}
