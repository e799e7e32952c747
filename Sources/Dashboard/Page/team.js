// One team: its budgets, keys and grants, and what may be done about them.

import * as api from './api.js'
import { share } from './budgets.js'
import { ask, tell } from './dialogs.js'
import { button, h, name } from './dom.js'
import { amountText, exact, grouped, micros } from './numbers.js'
import { faultPanel, table } from './tables.js'
import { changeTeam, deleteTeam } from './teamchanges.js'
import { keysPanel } from './teamkeys.js'
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
      h('div', { class: 'tools' }, link('requests', id, 'Its requests'), link('simulate', id, 'What if'),
        may('admin') && isStored && button('Change', () => changeTeam(team, refresh)),
        may('operator') && button('Purge its results', () => purge(id), 'danger quiet'),
        may('admin') && isStored && button('Delete', () => deleteTeam(team), 'danger quiet'))),
    h('p', { class: 'note' }, team.name && [name(team.name), ' · '], 'account ', name(team.account), ' · ', limits(team), ' · ',
      isStored ? 'kept in the gateway’s store' : 'from the configuration file, where it is changed; grants and revocations are possible here'),
    budgetsPanel(answers.budgets, team, { may, refresh, isStored }),
    keysPanel(answers.keys, id, { may, refresh }),
    grantsPanel(answers.grants, answers.budgets.value?.budgets ?? [], id, { may, refresh })
  )
}

const link = (view, id, text) => h('a', { class: 'button quiet', href: `#/${view}/${encodeURIComponent(id)}` }, text)

/** What limits the team beside its budgets. */
function limits(team) {
  const parts = [
    team.requests_per_second !== null && [grouped(team.requests_per_second), ' requests a second'],
    team.max_concurrency !== null && [grouped(team.max_concurrency), ' at once'],
    team.models !== null && [team.models.length ? 'models ' : 'no model', team.models.map((model, index) => [index > 0 && ', ', name(model)])],
    team.cache_scope !== null && `results shared by the ${team.cache_scope}`
  ].filter(Boolean)
  return parts.length ? parts.map((part, index) => [index > 0 && ' · ', part]) : 'no limits but budgets'
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
      ? 'It may spend whatever the organization may. A budget limits it.'
      : 'It may spend whatever the organization may. A budget in the configuration limits it.'
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
    effect: 'Nothing limits the team in this window then, but the organization’s budgets.',
    verb: 'Remove it',
    danger: true,
    action: () => putBudgets(team, budget, wanted).then(() => true)
  })
  if (done) finish('The budget is gone.', refresh)
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
