// What operators were told of, and whether the receiver hears.

import * as api from './api.js'
import { ask } from './dialogs.js'
import { absent, button, h, name } from './dom.js'
import { grouped } from './numbers.js'
import { table } from './tables.js'
import { count, state, time } from './values.js'

const kinds = { delivered: 'good', pending: 'warn', given_up: 'bad' }
/** What the receiver said to the last try. */
let said = null

export async function show({ may, status, refresh }) {
  await status()
  const { rows, next } = await api.list('/alerts')
  return h(
    'div',
    { class: 'view' },
    h('h1', {}, 'Alerts'),
    said && trial(said),
    table({
      title: 'What was told',
      note: 'Budgets near their end, keys that end or are refused, open breakers, much that is unknown: posted to alerts.webhook_url, and kept here for 90 days.',
      columns: [
        { title: 'At', name: 'at', cell: (row) => time(row.at), csv: (row) => row.at },
        { title: 'Type', name: 'type', cell: (row) => row.type.replaceAll('_', ' '), csv: (row) => row.type },
        { title: 'Team', name: 'team', cell: (row) => (row.team === null ? absent() : name(row.team)), csv: (row) => row.team },
        { title: 'What', name: 'text', kind: 'text', cell: (row) => name(row.text), csv: (row) => row.text },
        { title: 'State', name: 'state', cell: (row) => state(row.state.replaceAll('_', ' '), kinds[row.state]), csv: (row) => row.state },
        { title: 'Attempts', name: 'attempts', number: true, cell: (row) => count(row.attempts), csv: (row) => row.attempts },
        { title: 'Last attempt', name: 'tried_at', cell: (row) => time(row.tried_at), csv: (row) => row.tried_at },
        { title: 'The receiver said', name: 'detail', kind: 'text', cell: (row) => (row.detail === null ? absent() : name(row.detail)), csv: (row) => row.detail }
      ],
      rows,
      more: next,
      tools: [may('admin') && button('Test the receiver', () => test(refresh), 'primary')],
      filter: (row) => `${row.type} ${row.team ?? ''} ${row.text}`,
      csvName: 'tollgate-alerts',
      empty: 'Nothing was told yet. Set alerts.webhook_url and alerts.secret in the configuration, then test the receiver.'
    })
  )
}

async function test(refresh) {
  const answer = await ask({
    title: 'Test the receiver?',
    effect: 'One alert of type test is posted to alerts.webhook_url at once. Whoever is told of alerts is told of it.',
    verb: 'Send it',
    action: () => api.post('/alerts/test', {})
  })
  if (!answer) return
  said = answer
  refresh()
}

function trial({ delivered, status, answer, error, duration_ms }) {
  return h(
    'section',
    { class: 'panel', id: 'trial' },
    h('header', {}, h('h2', {}, 'The last test')),
    h('dl', { class: 'facts' },
      fact('Result', delivered === true ? state('the receiver took it', 'good') : state('not delivered', 'bad')),
      fact('Status', status === null ? absent() : status),
      fact('Took', `${grouped(duration_ms)} ms`),
      error !== null && fact('Why', name(error)),
      answer !== null && answer !== '' && fact('It said', name(answer)))
  )
}

const fact = (word, ...content) => h('div', {}, h('dt', {}, word), h('dd', {}, content))
