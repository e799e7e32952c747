// The keys that the vendor accepts, with their health, and the keys of a team.

import * as api from './api.js'
import { ask, tell } from './dialogs.js'
import { button, h, name } from './dom.js'
import { grouped } from './numbers.js'
import { faultPanel, table } from './tables.js'
import { keysPanel } from './team.js'
import { count, credits, state, time } from './values.js'

let chosen = null

export async function show({ may, status, refresh }) {
  const health = await status()
  const answers = await api.all({
    upstream: api.get('/upstream-keys', { limit: 1000 }),
    spend: api.get('/spend', { group_by: 'upstream_key' }),
    teams: api.get('/teams', { limit: 1000 })
  })
  const teams = answers.teams.value?.items ?? []
  chosen ??= teams[0]?.id ?? null
  const keys = chosen === null ? null : (await api.all({ keys: api.list(`${api.path('teams', chosen)}/keys`) })).keys
  return h(
    'div',
    { class: 'view' },
    h('h1', {}, 'Keys'),
    upstreamPanel(answers, health, { may, refresh }),
    chooser(teams, refresh),
    keys && keysPanel(keys, chosen, { may, refresh })
  )
}

function chooser(teams, refresh) {
  const input = h('input', { type: 'search', list: 'team-ids', value: chosen ?? '', 'aria-label': 'Team whose keys are shown', onchange: choose })
  function choose(event) {
    event.preventDefault()
    chosen = input.value.trim() || null
    refresh()
  }
  return h('form', { class: 'filters', onsubmit: choose }, h('span', {}, 'Keys of team '), input,
    h('datalist', { id: 'team-ids' }, teams.map((team) => h('option', { value: team.id }, team.name))))
}

const kinds = { active: 'good', draining: 'warn', cooling: 'warn', quarantined: 'bad', disabled: 'off' }

function upstreamPanel({ upstream, spend }, { upstream: accounts }, { may, refresh }) {
  const title = 'Upstream keys'
  if (upstream.fault) return faultPanel(title, upstream.fault)
  const live = new Map(accounts.flatMap((account) => account.keys.map((key) => [key.id, key])))
  const used = new Map(spend.value?.items.map((item) => [item.upstream_key, item]))
  const rows = upstream.value.items.map((key) => ({ ...key, live: live.get(key.id), used: used.get(key.id) }))
  const stateOf = (row) => (row.live && row.state === 'active' ? row.live.state : row.state)
  const reasonOf = (row) => {
    if (row.live && !row.live.in_time) return 'outside of its dates'
    if (row.live?.quarantine_reason) return row.live.quarantine_reason
    return row.live?.cooling_until ? ['until ', time(row.live.cooling_until)] : null
  }
  const columns = [
    { title: 'Key', name: 'id', cell: (row) => name(row.id), csv: (row) => row.id },
    { title: 'Account', name: 'account', cell: (row) => name(row.account), csv: (row) => row.account },
    { title: 'State', name: 'state', cell: (row) => [state(stateOf(row), kinds[stateOf(row)]), ' ', h('small', {}, reasonOf(row))], csv: stateOf },
    { title: 'Under way', name: 'under_way', number: true, cell: (row) => count(row.live?.under_way), csv: (row) => row.live?.under_way },
    { title: 'Weight', name: 'weight', number: true, cell: (row) => grouped(row.weight), csv: (row) => row.weight },
    { title: 'Charged this month', name: 'spent', number: true, cell: (row) => credits(row.used?.spent ?? '0'), csv: (row) => row.used?.spent ?? '0' },
    { title: 'Of', name: 'monthly_credits', number: true, cell: (row) => credits(row.monthly_credits), csv: (row) => row.monthly_credits },
    { title: 'Valid from', name: 'not_before', cell: (row) => time(row.not_before), csv: (row) => row.not_before },
    { title: 'Expires', name: 'not_after', cell: (row) => time(row.not_after), csv: (row) => row.not_after },
    { title: 'From', name: 'source', cell: (row) => row.source, csv: (row) => row.source }
  ]
  if (may('operator')) {
    columns.push({
      title: '',
      cell: (row) => h('span', { class: 'actions' },
        row.state !== 'active' || row.live?.state === 'quarantined' ? button('Enable', () => change(row, 'active', refresh)) : null,
        row.state === 'active' ? button('Drain', () => change(row, 'draining', refresh), 'danger quiet') : null)
    })
  }
  return table({ title, columns, rows, csvName: 'tollgate-upstream-keys', empty: 'There is no key for the vendor. Name one under upstream.keys in the configuration.' })
}

async function change(key, wanted, refresh) {
  const isDrained = wanted === 'draining'
  const done = await ask({
    title: isDrained ? `Drain ${key.id}?` : `Enable ${key.id}?`,
    effect: isDrained
      ? 'No new request goes out on it; those under way end on it. With no other key of the account, requests to the vendor are refused.'
      : 'Requests go out on it again, also if it was quarantined.',
    verb: isDrained ? 'Drain' : 'Enable',
    danger: isDrained,
    action: () => api.patch(api.path('upstream-keys', key.id), { state: wanted }).then(() => true)
  })
  if (!done) return
  tell(`${key.id} is ${wanted}.`)
  refresh()
}
