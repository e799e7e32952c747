// All teams: those nearest to the end of a budget first, and below those that cost most.

import * as api from './api.js'
import { nearest, teamColumns, teamLink } from './budgets.js'
import { button, h } from './dom.js'
import { faultPanel, table } from './tables.js'
import { newTeam } from './teamchanges.js'
import { monthName } from './times.js'
import { count, credits } from './values.js'

export async function show({ may, status }) {
  await status()
  const answers = await api.all({
    shares: api.list('/budgets', { sort: 'share' }, (item) => ({ id: item.id, budget: nearest(item.budgets) })),
    spend: api.get('/spend', { group_by: 'team' })
  })
  const usage = new Map(answers.spend.value?.items.map((item) => [item.team, item]))
  return h(
    'div',
    { class: 'view' },
    h('header', { class: 'title' }, h('h1', {}, 'Teams'), h('div', { class: 'tools' }, jump(), may('admin') && button('New team', newTeam, 'primary'))),
    sharesPanel(answers.shares, usage),
    spendPanel(answers.spend)
  )
}

function sharesPanel({ value, fault }, usage) {
  const title = 'By share of budget'
  if (fault) return faultPanel(title, fault)
  return table({
    title,
    note: `Each team by the budget that is nearest to its end; charged and saved in ${monthName()}.`,
    columns: teamColumns(usage),
    rows: value.rows,
    more: value.next,
    filter: (row) => row.id,
    csvName: 'tollgate-teams-by-share',
    empty: 'No team has a budget yet. Open a team below to give it one.'
  })
}

function spendPanel({ value, fault }) {
  const title = `By credits, ${monthName()}`
  if (fault) return faultPanel(title, fault)
  const number = (heading, member, show) => ({
    title: heading, name: member, number: true, cell: (row) => show(row[member]), csv: (row) => row[member]
  })
  return table({
    title,
    columns: [
      { title: 'Team', name: 'team', cell: (row) => (row.team === null ? 'Other' : teamLink(row.team)), csv: (row) => row.team },
      number('Charged', 'spent', credits),
      number('Outcome unknown', 'unconfirmed', credits),
      number('Saved', 'saved', credits),
      number('Requests', 'requests', count),
      number('Hits', 'hits', count),
      number('Collapsed', 'collapsed', count),
      number('Misses', 'misses', count),
      number('Denied', 'denied', count)
    ],
    rows: value.items,
    filter: (row) => row.team ?? '',
    csvName: 'tollgate-teams',
    empty: 'No team has asked anything this month. Issue a key for a team, and send a request with it.'
  })
}

/** Opens a team by its identifier, also one that no list has. */
function jump() {
  const input = h('input', { type: 'search', placeholder: 'Open a team by id', 'aria-label': 'Open a team by its id' })
  const open = (event) => {
    event.preventDefault()
    if (input.value.trim()) location.hash = `#/teams/${encodeURIComponent(input.value.trim())}`
  }
  return h('form', { onsubmit: open }, input)
}
