// One team: its budgets, keys and grants, and what may be done about them.

import * as api from './api.js'
import { share } from './budgets.js'
import { ask, showSecret, tell } from './dialogs.js'
import { button, h, name } from './dom.js'
import { amountText, exact, micros } from './numbers.js'
import { faultPanel, table } from './tables.js'
import { count, credits, state, time, timeInWords } from './values.js'

const windows = ['day', 'week', 'month', 'total']

export async function show({ id, may, status, refresh }) {
  await status()
  const at = api.path('teams', id)
  const answers = await api.all({
    team: api.get(at),
    budgets: api.get(`${at}/budgets`),
    keys: api.list(`${at}/keys`),
    grants: api.list(`${at}/grants`)
  })
  if (answers.team.fault) throw answers.team.fault
  const team = answers.team.value
  const isStored = team.source !== 'file'
  return h(
    'div',
    { class: 'view' },
    h('header', { class: 'title' },
      h('h1', {}, h('a', { href: '#/teams' }, 'Teams'), ' / ', name(team.id)),
      h('div', { class: 'tools' }, h('a', { class: 'button quiet', href: `#/requests/${encodeURIComponent(id)}` }, 'Its requests'),
        may('operator') && button('Purge its results', () => purge(id), 'danger quiet'))),
    h('p', { class: 'note' }, team.name && [name(team.name), ' · '], `account ${team.account} · `,
      isStored ? 'kept in the gateway’s store' : 'from the configuration file, where it is changed; grants and revocations are possible here'),
    budgetsPanel(answers.budgets, team, { may, refresh, isStored }),
    keysPanel(answers.keys, id, { may, refresh }),
    grantsPanel(answers.grants, answers.budgets.value?.budgets ?? [], id, { may, refresh })
  )
}

// Budgets

function budgetsPanel({ value, fault }, team, { may, refresh, isStored }) {
  if (fault) return faultPanel('Budgets', fault)
  const amount = (title, member) => ({
    title, name: member, number: true, cell: (row) => credits(row[member]), csv: (row) => row[member]
  })
  const change = may('admin') && isStored
  return table({
    title: 'Budgets',
    columns: [
      { title: 'Window', name: 'window', cell: (row) => (row.enforce ? row.window : `${row.window}, shadow`), csv: (row) => row.window },
      amount('Limit', 'credits'),
      amount('Granted', 'granted'),
      { title: 'Used', kind: 'bar-cell', cell: share },
      amount('Spent', 'spent'),
      amount('Outcome unknown', 'unconfirmed'),
      amount('Reserved', 'reserved'),
      amount('Left', 'remaining'),
      { title: 'Resets', name: 'resets_at', cell: (row) => timeInWords(row.resets_at), csv: (row) => row.resets_at },
      { title: 'Runs out', name: 'runs_out_at', cell: (row) => timeInWords(row.runs_out_at), csv: (row) => row.runs_out_at },
      { title: 'Would have refused', name: 'would_have_refused', number: true, cell: (row) => count(row.would_have_refused), csv: (row) => row.would_have_refused },
      ...(change ? [{ title: '', cell: (row) => button('Remove', () => setBudget(team, row, null, refresh)) }] : [])
    ],
    rows: value.budgets,
    tools: [change && button('Set a budget', () => askBudget(team, refresh), 'primary')],
    csvName: `tollgate-budgets-${team.id}`,
    empty: isStored
      ? 'It may spend whatever the organisation may. A budget limits it.'
      : 'It may spend whatever the organisation may. A budget in the configuration limits it.'
  })
}

const isSame = (one, other) => one.window === other.window && one.enforce === other.enforce

/** Puts `wanted` in the place of the budget of the same window and kind; null removes `old`. */
async function putBudgets(team, old, wanted) {
  // Read again: what others changed meanwhile stays.
  const current = await api.get(api.path('teams', team.id))
  const kept = current.budgets.filter((budget) => !isSame(budget, old)).map((budget) => ({
    window: budget.window,
    credits: exact(budget.credits),
    enforce: budget.enforce,
    alert_at: budget.alert_at.map(exact)
  }))
  const before = current.budgets.find((budget) => isSame(budget, old))
  const next = wanted && { ...wanted, ...(before && { alert_at: before.alert_at.map(exact) }) }
  await api.put(`${api.path('teams', team.id)}/budgets`, { budgets: next ? [...kept, next] : kept })
}

async function askBudget(team, refresh) {
  const done = await ask({
    title: `Set a budget of ${team.id}`,
    effect: 'The team’s requests to the vendor are refused once the limit of the window is used. What was spent stays spent.',
    verb: 'Set the budget',
    fields: [
      { label: 'Window', name: 'window', options: windows, value: 'month' },
      { label: 'Credits', name: 'credits', required: true, inputmode: 'decimal' },
      { label: 'Kind', name: 'kind', options: ['enforced', 'shadow'], hint: 'A shadow budget counts what it would have refused.' }
    ],
    action: async (values) => {
      const budget = { window: values.window, credits: exact(values.credits), enforce: values.kind === 'enforced' }
      await putBudgets(team, budget, budget)
      return true
    }
  })
  if (done) finish('The budget is in force.', refresh)
}

async function setBudget(team, budget, wanted, refresh) {
  const done = await ask({
    title: `Remove the ${budget.window} budget of ${team.id}?`,
    effect: 'Nothing limits the team in this window then, but the organisation’s budgets.',
    verb: 'Remove it',
    danger: true,
    action: () => putBudgets(team, budget, wanted).then(() => true)
  })
  if (done) finish('The budget is gone.', refresh)
}

// Keys

/** The keys of a team, here and in the view of all keys. */
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
  if (done) finish(`${key.id} is revoked.`, refresh)
}

// Grants

function grantsPanel({ value, fault }, budgets, team, { may, refresh }) {
  const title = 'Grants'
  if (fault) return faultPanel(title, fault)
  const mayGrant = may('operator')
  const own = [...new Set(budgets.map((budget) => budget.window))]
  return table({
    title,
    note: 'One-off extra room in the period that is running.',
    columns: [
      { title: 'Window', name: 'window', cell: (row) => row.window, csv: (row) => row.window },
      { title: 'Credits', name: 'credits', number: true, cell: (row) => credits(row.credits), csv: (row) => row.credits },
      { title: 'State', name: 'in_force', cell: (row) => (row.in_force ? state('in force', 'good') : state('ended', 'off')), csv: (row) => row.in_force },
      { title: 'Ends', name: 'ends_at', cell: (row) => time(row.ends_at), csv: (row) => row.ends_at },
      { title: 'Reason', name: 'reason', kind: 'text', cell: (row) => name(row.reason), csv: (row) => row.reason },
      { title: 'By', name: 'actor', cell: (row) => name(row.actor), csv: (row) => row.actor },
      { title: 'Made', name: 'created_at', cell: (row) => time(row.created_at), csv: (row) => row.created_at },
      ...(mayGrant ? [{ title: '', cell: (row) => row.in_force && button('Withdraw', () => withdraw(team, row, refresh)) }] : [])
    ],
    rows: value.rows,
    more: value.next,
    tools: [mayGrant && own.length > 0 && button('Grant credits', () => grant(team, own, refresh), 'primary')],
    csvName: `tollgate-grants-${team}`,
    empty: own.length ? 'None was made.' : 'A grant adds to a budget, and the team has none.'
  })
}

async function grant(team, own, refresh) {
  const done = await ask({
    title: `Grant credits to ${team}`,
    effect: 'The limits of this window rise by so much, until the period ends.',
    verb: 'Grant',
    fields: [
      { label: 'Window', name: 'window', options: own, value: own[0] },
      { label: 'Credits', name: 'credits', required: true, inputmode: 'decimal' },
      { label: 'Reason', name: 'reason', required: true, maxlength: 200, hint: 'Others see it here and in the audit log.' }
    ],
    action: ({ window, credits, reason }) =>
      api.post(`${api.path('teams', team)}/grants`, { window, credits: exact(credits), reason }).then(() => true)
  })
  if (done) finish('The grant is in force.', refresh)
}

async function withdraw(team, row, refresh) {
  const done = await ask({
    title: `Withdraw the grant of ${amountText(micros(row.credits))}?`,
    effect: 'Its room goes; what was spent of it stays spent.',
    verb: 'Withdraw',
    danger: true,
    action: () => api.remove(api.path('teams', team, 'grants', row.id)).then(() => true)
  })
  if (done) finish('The grant is withdrawn.', refresh)
}

async function purge(team) {
  const answer = await ask({
    title: `Purge the results of ${team}?`,
    effect: 'All results that were paid for by its requests are removed, for every team. The next requests for them are charged again.',
    verb: 'Purge',
    danger: true,
    action: () => api.remove('/cache/entries', { team })
  })
  if (answer) tell(`${answer.purged} results were purged.`)
}

function finish(text, refresh) {
  tell(text)
  refresh()
}
