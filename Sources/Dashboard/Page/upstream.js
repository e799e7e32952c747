// The keys that the vendor accepts: how they are, and what may be done about them.

import * as api from './api.js'
import { ask, tell } from './dialogs.js'
import { button, h, name } from './dom.js'
import { exact, grouped } from './numbers.js'
import { faultPanel, table } from './tables.js'
import { count, credits, state, time, timeInWords } from './values.js'

const kinds = { active: 'good', draining: 'warn', cooling: 'warn', quarantined: 'bad', disabled: 'off' }

/** Of a key as the API lists it, why it is not in use, where its state does not say so. */
function reason(key) {
  if (key.detail !== null) return key.detail
  return key.cooling_until ? ['until ', time(key.cooling_until)] : null
}

const isWell = (key) => key.state === 'active' && key.available

/**
 * Columns of upstream keys; `used` is what each was charged this month, as a map, where that is at hand.
 *
 * - isShort: how they are, when they were used last and how long they last.
 */
export function upstreamColumns({ used, isShort = false } = {}) {
  const columns = [
    { title: 'Key', name: 'id', cell: (row) => name(row.id), csv: (row) => row.id },
    { title: 'Account', name: 'account', cell: (row) => name(row.account), csv: (row) => row.account },
    {
      title: 'State',
      name: 'state',
      cell: (row) => [state(row.state, row.state === 'active' && !isWell(row) ? 'warn' : kinds[row.state]), ' ', h('small', {}, reason(row))],
      csv: (row) => row.state
    },
    { title: 'Last used', name: 'last_used_at', cell: (row) => (row.last_used_at ? timeInWords(row.last_used_at) : 'never'), csv: (row) => row.last_used_at },
    { title: 'Under way', name: 'under_way', number: true, cell: (row) => count(row.under_way), csv: (row) => row.under_way },
    { title: 'Weight', name: 'weight', number: true, cell: (row) => grouped(row.weight), csv: (row) => row.weight },
    { title: 'This month', name: 'spent', number: true, cell: (row) => credits(used?.get(row.id)?.spent ?? '0'), csv: (row) => used?.get(row.id)?.spent ?? '0' },
    { title: 'Of', name: 'monthly_credits', number: true, cell: (row) => credits(row.monthly_credits), csv: (row) => row.monthly_credits },
    { title: 'Valid from', name: 'not_before', cell: (row) => time(row.not_before), csv: (row) => row.not_before },
    { title: 'Expires', name: 'not_after', cell: (row) => time(row.not_after), csv: (row) => row.not_after },
    { title: 'From', name: 'source', cell: (row) => row.source, csv: (row) => row.source }
  ]
  return isShort ? columns.filter((column) => ['id', 'state', 'last_used_at', 'not_after'].includes(column.name)) : columns
}

export function upstreamPanel({ upstream, spend }, accounts, { may, refresh }) {
  const title = 'Upstream keys'
  if (upstream.fault) return faultPanel(title, upstream.fault)
  const used = new Map(spend.value?.items.map((item) => [item.upstream_key, item]))
  const rows = upstream.value.items
  // Few keys have a limit or a beginning.
  const isUsed = ({ name }) => !['monthly_credits', 'not_before'].includes(name) || rows.some((row) => row[name] !== null)
  const columns = upstreamColumns({ used }).filter(isUsed)
  const change = { title: '', cell: (row) => h('span', { class: 'actions' }, actions(row, may, refresh)) }
  return table({
    title,
    columns: may('operator') ? [...columns, change] : columns,
    rows,
    note: may('admin') && rows.some((row) => row.source === 'file')
      ? 'Of keys from the configuration file the state is set here; secret, weight, dates and limit are changed in the file.'
      : null,
    tools: [may('admin') && button('Add an upstream key', () => add(accounts, refresh), 'primary')],
    csvName: 'tollgate-upstream-keys',
    empty: may('admin')
      ? 'There is no key for the vendor. Add one, or name one under upstream.keys in the configuration.'
      : 'There is no key for the vendor. Name one under upstream.keys in the configuration.'
  })
}

function actions(key, may, refresh) {
  const isResting = key.state === 'draining' || key.state === 'disabled'
  const stored = may('admin') && key.source !== 'file'
  return [
    (isResting || key.state === 'quarantined' || key.state === 'cooling') && button('Enable', () => change(key, 'active', refresh)),
    !isResting && button('Drain', () => change(key, 'draining', refresh), 'danger quiet'),
    key.state !== 'disabled' && button('Disable', () => change(key, 'disabled', refresh), 'danger quiet'),
    stored && [
      button('Change', () => edit(key, refresh)),
      button('Rotate', () => rotate(key, refresh)),
      button('Delete', () => remove(key, refresh), 'danger quiet')
    ]
  ]
}

const states = {
  active: ['Enable', 'Requests go out on it again, also if it was quarantined or cooling.', 'active'],
  draining: ['Drain', 'No new request goes out on it; those under way end on it. With no other key of the account, requests to the vendor are refused.', 'draining'],
  disabled: ['Disable', 'Nothing goes out on it until it is enabled. With no other key of the account, requests to the vendor are refused.', 'disabled']
}

async function change(key, wanted, refresh) {
  const [verb, effect, word] = states[wanted]
  const isDanger = wanted !== 'active'
  const done = await ask({
    title: `${verb} ${key.id}?`,
    effect,
    verb,
    danger: isDanger,
    action: () => api.patch(api.path('upstream-keys', key.id), { state: wanted }).then(() => true)
  })
  if (done) finish(`${key.id} is ${word}.`, refresh)
}

/** What a key has beside its secret, as fields; those of `key` as they are. */
const termFields = (key) => [
  { label: 'Weight', name: 'weight', inputmode: 'numeric', value: key?.weight ?? '1', required: true, hint: 'Its share among the keys of its account.' },
  { label: 'Valid from', name: 'not_before', value: key?.not_before, placeholder: '2026-01-01T00:00:00Z', hint: 'RFC 3339 in UTC; empty for at once.' },
  { label: 'Expires', name: 'not_after', value: key?.not_after, placeholder: '2027-01-01T00:00:00Z', hint: 'Empty for never.' },
  { label: 'Credits a month', name: 'monthly_credits', inputmode: 'decimal', value: key?.monthly_credits, hint: 'It is left out once it has spent so much; empty for no limit.' }
]

const terms = ({ weight, not_before, not_after, monthly_credits }) => ({
  weight: exact(weight),
  not_before: not_before.trim() || null,
  not_after: not_after.trim() || null,
  monthly_credits: monthly_credits.trim() ? exact(monthly_credits) : null
})

const secretField = {
  label: 'The vendor’s key',
  name: 'secret',
  type: 'password',
  required: true,
  hint: 'It is kept sealed, and never shown again.'
}

async function add(accounts, refresh) {
  const id = await ask({
    title: 'Add an upstream key',
    effect: 'Requests of teams with its account go out on it at once, and the vendor charges that account.',
    verb: 'Add the key',
    fields: [
      { label: 'Id', name: 'id', required: true, hint: 'Letters, digits, dots, hyphens and underscores; it stays.' },
      { label: 'Account', name: 'account', value: accounts[0] ?? 'default', required: true, hint: 'All keys of one account see the same documents.' },
      secretField,
      ...termFields()
    ],
    action: async ({ id, account, secret, ...values }) => {
      await api.post('/upstream-keys', { id: id.trim(), account: account.trim(), secret: secret.trim(), ...terms(values) })
      return id.trim()
    }
  })
  if (id) finish(`${id} is in use.`, refresh)
}

async function edit(key, refresh) {
  const done = await ask({
    title: `Change ${key.id}`,
    effect: 'It counts from the next request on; what was spent stays spent.',
    verb: 'Change it',
    fields: termFields(key),
    action: (values) => api.patch(api.path('upstream-keys', key.id), terms(values)).then(() => true)
  })
  if (done) finish(`${key.id} is changed.`, refresh)
}

async function rotate(key, refresh) {
  const done = await ask({
    title: `Rotate ${key.id}?`,
    effect: 'The new secret is used from the next request on; requests under way end on the old one. A quarantine ends.',
    verb: 'Rotate',
    fields: [secretField],
    action: ({ secret }) => api.post(`${api.path('upstream-keys', key.id)}/rotate`, { secret: secret.trim() }).then(() => true)
  })
  if (done) finish(`${key.id} has its new secret.`, refresh)
}

async function remove(key, refresh) {
  const done = await ask({
    title: `Delete ${key.id}?`,
    effect: 'Its secret is gone from the store, and nothing goes out on it any more. What it spent stays in the reports. It cannot be taken back.',
    verb: 'Delete',
    danger: true,
    action: () => api.remove(api.path('upstream-keys', key.id)).then(() => true)
  })
  if (done) finish(`${key.id} is deleted.`, refresh)
}

function finish(text, refresh) {
  tell(text)
  refresh()
}
