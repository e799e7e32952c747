// The keys of a team, on its own page and in the view of all keys.

import * as api from './api.js'
import { ask, showSecret, tell } from './dialogs.js'
import { button, h, name } from './dom.js'
import { faultPanel, table } from './tables.js'
import { state, time, timeInWords } from './values.js'

export function keysPanel({ value, fault }, team, { may, refresh }) {
  const title = `Keys of ${team}`
  if (fault) return faultPanel(title, fault)
  const operator = may('operator')
  const when = (heading, member) => ({
    title: heading, name: member, cell: (row) => time(row[member]), csv: (row) => row[member]
  })
  const actions = (key) =>
    key.state === 'revoked'
      ? null
      : h('span', { class: 'actions' },
          key.source !== 'file' && button('Rotate', () => rotate(team, key, refresh)),
          button('Revoke', () => revoke(team, key, refresh), 'danger quiet'))
  return table({
    title,
    columns: [
      { title: 'Key', name: 'id', cell: (row) => [name(row.id), row.name ? [' ', h('small', {}, name(row.name))] : null], csv: (row) => row.id },
      { name: 'name', csv: (row) => row.name },
      { title: 'State', name: 'state', cell: (row) => state(row.state, row.state === 'active' ? 'good' : 'off'), csv: (row) => row.state },
      { title: 'From', name: 'source', cell: (row) => row.source, csv: (row) => row.source },
      { title: 'Last used', name: 'last_used_at', cell: (row) => (row.last_used_at ? timeInWords(row.last_used_at) : 'never'), csv: (row) => row.last_used_at },
      when('Expires', 'not_after'),
      when('Made', 'created_at'),
      { title: 'Old secret until', name: 'previous_valid_until', cell: (row) => time(row.previous_valid_until), csv: (row) => row.previous_valid_until },
      ...(operator ? [{ title: '', cell: actions }] : [])
    ],
    rows: value.rows,
    more: value.next,
    tools: [operator && button('Issue a key', () => issue(team, refresh), 'primary')],
    filter: (row) => `${row.id} ${row.name}`,
    csvName: `tollgate-keys-${team}`,
    empty: operator ? 'The team has no key yet. Issue one, and give its secret to the client.' : 'The team has no key yet. A token with the role operator can issue one.'
  })
}

const once = 'This is the only time that it is shown. Only a hash of it is kept.'

async function issue(team, refresh) {
  const key = await ask({
    title: `Issue a key for ${team}`,
    effect: 'Whoever has its secret can spend the team’s credits.',
    verb: 'Issue the key',
    fields: [
      { label: 'Name', name: 'name', hint: 'Who or what will use it; may be empty.' },
      { label: 'Expires', name: 'not_after', placeholder: '2027-01-01T00:00:00Z', hint: 'RFC 3339 in UTC; empty for never.' }
    ],
    action: ({ name, not_after }) => api.post(`${api.path('teams', team)}/keys`, { ...(name && { name }), ...(not_after && { not_after }) })
  })
  if (!key) return
  await showSecret({ title: `The secret of ${key.id}`, text: `Clients send it as x-api-key. ${once}`, secret: key.secret })
  refresh()
}

async function rotate(team, key, refresh) {
  // The same for a repetition of this rotation, so that an answer that got lost makes no second secret.
  const repetition = { 'Idempotency-Key': crypto.randomUUID?.() ?? `page-${Date.now()}` }
  const made = await ask({
    title: `Rotate ${key.id}?`,
    effect: 'A new secret takes the place of the old one, which stays valid for the grace. Id, spend and budgets stay.',
    verb: 'Rotate',
    fields: [{ label: 'Grace', name: 'grace', value: '24h', required: true, hint: 'How long the old secret works: 0s, 15m, 24h, 7d.' }],
    action: ({ grace }) => api.post(`${api.path('teams', team, 'keys', key.id)}/rotate`, { grace }, repetition)
  })
  if (!made) return
  await showSecret({ title: `The new secret of ${key.id}`, text: `Clients send it as x-api-key. ${once}`, secret: made.secret })
  refresh()
}

async function revoke(team, key, refresh) {
  const done = await ask({
    title: `Revoke ${key.id}?`,
    effect: 'Requests with this key are refused from now on. A revocation cannot be taken back.',
    verb: 'Revoke',
    danger: true,
    action: () => api.remove(api.path('teams', team, 'keys', key.id)).then(() => true)
  })
  if (!done) return
  tell(`${key.id} is revoked.`)
  refresh()
}
