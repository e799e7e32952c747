// All keys: those that the vendor accepts, and those of one team.

import * as api from './api.js'
import { h } from './dom.js'
import { keysPanel } from './teamkeys.js'
import { upstreamPanel } from './upstream.js'

let chosen = null

export async function show({ may, status, refresh }) {
  const { upstream: accounts } = await status()
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
    upstreamPanel(answers, accounts.map((account) => account.account), { may, refresh }),
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
