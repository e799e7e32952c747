// What if: what a team's period would have come to under other budgets, or another time that results are kept for.

import * as api from './api.js'
import { makeField } from './dialogs.js'
import { absent, h } from './dom.js'
import { exact } from './numbers.js'
import { table } from './tables.js'
import { count, credits, state, time } from './values.js'

const windows = ['day', 'week', 'month', 'total']
const labels = { day: 'Credits a day', week: 'Credits a week', month: 'Credits a month', total: 'Credits in all' }
/** What is typed, and the last answer, stay while the page is open. */
let wanted = {}
let answer = null

export async function show({ id, status }) {
  if (id && id !== wanted.team) [wanted, answer] = [{ team: id }, null]
  await status()
  const place = h('div', { class: 'view', 'aria-live': 'polite' }, answer && result(answer))
  return h(
    'div',
    { class: 'view' },
    h('h1', {}, 'What if'),
    h('p', { class: 'note' }, 'The ledger is replayed for one team: which calls other budgets would have refused, and which another cache.ttl would have answered. Nothing is changed by it.'),
    form(place),
    place
  )
}

function form(place) {
  const fault = h('p', { class: 'fault', role: 'alert' })
  const submit = h('button', { type: 'submit', class: 'primary' }, 'Replay')
  const field = (properties) => makeField({ ...properties, value: wanted[properties.name] ?? properties.value })
  const element = h(
    'form',
    { class: 'panel question', onsubmit: replay },
    field({ label: 'Team', name: 'team', required: true }),
    field({ label: 'From', name: 'from', placeholder: '2026-11-01', hint: 'A day; empty for the first of this month.' }),
    field({ label: 'To', name: 'to', placeholder: '2026-11-30', hint: 'The last day; empty for today.' }),
    field({ label: 'Results kept for', name: 'ttl', placeholder: '60d', hint: 'A cache.ttl; empty for the present one.' }),
    field({
      label: 'Budgets', name: 'kind', value: 'kept',
      options: [['kept', 'as they are'], ['enforced', 'these instead'], ['shadow', 'these, as shadows'], ['none', 'none at all']]
    }),
    windows.map((window) => field({ label: labels[window], name: window, inputmode: 'decimal' })),
    fault,
    h('div', { class: 'buttons' }, submit)
  )
  const kind = element.elements.kind
  // Only what counts can be typed.
  const enable = () => windows.forEach((window) => (element.elements[window].disabled = kind.value === 'kept' || kind.value === 'none'))
  kind.addEventListener('change', enable)
  enable()

  async function replay(event) {
    event.preventDefault()
    wanted = Object.fromEntries(new FormData(element))
    submit.disabled = true
    fault.textContent = ''
    try {
      answer = await api.post('/simulate', question(wanted))
      place.replaceChildren(result(answer))
    } catch (error) {
      answer = null
      place.replaceChildren()
      fault.textContent = error.message
    }
    submit.disabled = false
  }
  return element
}

function question({ team, from, to, ttl, kind, ...typed }) {
  const budgets = windows
    .filter((window) => typed[window]?.trim())
    .map((window) => ({ window, credits: exact(typed[window]), enforce: kind === 'enforced' }))
  return {
    team: team.trim(),
    ...(from.trim() && { from: from.trim() }),
    ...(to.trim() && { to: to.trim() }),
    ...(ttl.trim() && { ttl: ttl.trim() }),
    ...(kind === 'none' && { budgets: [] }),
    ...((kind === 'enforced' || kind === 'shadow') && budgets.length > 0 && { budgets })
  }
}

const exactness = {
  exact: ['exact', 'good'],
  lower_bound: ['at least so much', 'warn'],
  upper_bound: ['at most so much', 'warn'],
  estimate: ['an estimate', 'warn']
}

function result(told) {
  const { was } = told
  const rows = [
    ['Spent', credits(was.spent), credits(told.spent)],
    ['Outcome unknown', credits(was.unconfirmed), credits(told.unconfirmed)],
    ['Saved, beside what was saved', absent(), credits(told.saved)],
    ['Paid calls that would have been hits', absent(), count(told.hits)],
    ['Calls refused', absent(), count(told.refused)],
    ['First refused', absent(), time(told.refused_from)],
    ['Refused by shadow budgets', absent(), count(told.would_have_refused)],
    ['Paid calls replayed', absent(), count(told.calls)],
    ['Requests', count(was.requests), absent()],
    ['Hits', count(was.hits), absent()],
    ['Denied', count(was.denied), absent()]
  ]
  const panel = table({
    title: `Team ${told.team}, ${told.from} to ${told.to}`,
    note: ['Spent is ', state(...(exactness[told.exactness] ?? [told.exactness, 'warn'])), told.exactness_reason ? [': ', h('bdi', {}, told.exactness_reason)] : '.',
      ' Replayed up to ', time(told.until), '.'],
    columns: [
      { title: '', spoken: 'What', kind: 'term', cell: ([word]) => word },
      { title: 'It was', number: true, cell: ([, before]) => before },
      { title: 'It would have been', number: true, cell: ([, , after]) => after }
    ],
    rows,
    empty: ''
  })
  panel.id = 'answer'
  return panel
}
