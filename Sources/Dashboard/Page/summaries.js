// What is below the first glance: a few rows of each of the other views, and the way there.

import * as api from './api.js'
import * as audit from './audit.js'
import { nearest, teamColumns } from './budgets.js'
import { h } from './dom.js'
import { example, reasonTexts } from './insights.js'
import { amountText, grouped, micros } from './numbers.js'
import { requestColumns, requestFilters } from './requests.js'
import { Sections } from './sections.js'
import { table } from './tables.js'
import { unconfirmedColumns } from './unconfirmed.js'
import { upstreamColumns } from './upstream.js'
import { count, credits } from './values.js'

const teamsShown = 10
const rowsShown = 5
const requestsShown = 10

/** The parts with their elements; each reads itself when it is scrolled to. */
export function summaries(context) {
  const sections = new Sections()
  // A change is seen in the part where it was made, and in the first glance.
  const changing = (section) => ({
    ...context,
    refresh: () => {
      section.expire()
      context.refresh()
    }
  })
  const add = (title, requests, draw) => sections.add(title, requests, (section) => draw(title, changing(section), section))
  const elements = [
    add('Teams by share of budget', 2, teams),
    h('div', { class: 'pair' },
      add('Why not more', 1, insights),
      h('div', { class: 'stack' },
        add('Outcome unknown', 1, unconfirmed),
        add('Upstream keys', 1, keys))),
    add('Recent requests', 1, requests),
    add('Last changes', 1, changes)
  ]
  return { sections, elements }
}

const more = (view, text) => h('a', { class: 'button quiet', href: `#/${view}` }, text)

async function teams(title) {
  const answers = await api.all({
    shares: api.get('/budgets', { sort: 'share', limit: teamsShown }),
    spend: api.get('/spend', { group_by: 'team' })
  })
  if (answers.shares.fault) throw answers.shares.fault
  const usages = answers.spend.value && new Map(answers.spend.value.items.map((item) => [item.team, item]))
  return table({
    title,
    columns: teamColumns(usages),
    rows: answers.shares.value.items.map((item) => ({ id: item.id, budget: nearest(item.budgets) })),
    csvName: 'tollgate-teams-by-share',
    tools: [more('teams', 'All teams')],
    empty: 'No team has a budget. Give one under Teams, or in the configuration.'
  })
}

async function insights(title) {
  const report = await api.get('/insights')
  const reasons = new Map()
  for (const item of report.items) {
    const known = reasons.get(item.reason) ?? { reason: item.reason, credits: 0n, requests: 0n }
    known.credits += micros(item.credits)
    known.requests += BigInt(item.requests)
    reasons.set(item.reason, known)
  }
  const rows = [...reasons.values()].sort((one, other) => (one.credits < other.credits ? 1 : -1))
  const panel = table({
    title,
    note: rows.length
      ? `${grouped(amountText(micros(report.total.credits)))} credits this month were paid for a document that had been paid for before.`
      : null,
    columns: [
      { title: 'What differed', name: 'reason', cell: (row) => reasonTexts[row.reason] ?? row.reason, csv: (row) => row.reason },
      { title: 'Paid again', name: 'credits', number: true, cell: (row) => credits(row.credits), csv: (row) => amountText(row.credits) },
      { title: 'Requests', name: 'requests', number: true, cell: (row) => count(row.requests), csv: (row) => row.requests }
    ],
    rows,
    csvName: 'tollgate-why-not-more',
    tools: [more('insights', 'All examples')],
    empty: 'No document was paid for twice this month.'
  })
  // The costliest reason of which two texts can be shown.
  const shown = report.items.find((item) => item.examples.some(hasTexts)) ?? report.items.find((item) => item.examples.length > 0)
  if (shown) panel.append(example(shown.examples.find(hasTexts) ?? shown.examples[0], reasonTexts[shown.reason]))
  return panel
}

const hasTexts = ({ differs }) => differs.some(({ first, again }) => first !== null && again !== null)

async function unconfirmed(title, { may, refresh }) {
  const answer = await api.get('/ledger', { state: 'unconfirmed', limit: rowsShown })
  return table({
    title,
    note: answer.items.length ? 'They count as spent, at their estimate, until somebody says what they cost.' : null,
    columns: unconfirmedColumns(may, refresh, { isShort: true }),
    rows: answer.items,
    tools: [more('unconfirmed', answer.next_cursor === null ? 'Details' : 'All of them')],
    empty: 'The outcome of every request is known.'
  })
}

/** Those in trouble first, then those that end soonest. */
function byTrouble(one, other) {
  const rank = (key) => (key.available ? '1' : '0') + (key.not_after ?? '9')
  return rank(one) < rank(other) ? -1 : rank(one) > rank(other) ? 1 : 0
}

async function keys(title) {
  const { items, next_cursor } = await api.get('/upstream-keys', { limit: 1000 })
  const rows = items.sort(byTrouble).slice(0, rowsShown)
  const isCut = items.length > rows.length || next_cursor !== null
  return table({
    title,
    columns: upstreamColumns({ isShort: true }),
    rows,
    tools: [more('alerts', 'Alerts'), more('keys', isCut ? `All ${grouped(items.length)}, and teams’ keys` : 'All, and teams’ keys')],
    empty: 'There is no key for the vendor. Name one under upstream.keys in the configuration, or add one under Keys.'
  })
}

async function requests(title, { refresh }) {
  const filters = requestFilters(refresh)
  const { items } = await api.get('/requests', { ...filters.wanted, limit: requestsShown })
  return table({
    title,
    columns: requestColumns({ isShort: true }),
    rows: items,
    tools: [filters.form, more('requests', 'The last 1,000')],
    empty: filters.isSet ? 'None of the last 1,000 requests matches.' : 'Nothing was asked since the start.'
  })
}

async function changes(title) {
  const { items } = await api.get('/audit', { limit: rowsShown })
  return table({
    title,
    columns: audit.columns({ isShort: true }),
    rows: items,
    tools: [more('audit', 'All changes')],
    empty: 'Nothing was changed yet.'
  })
}
