// Why not more: what was paid for more than once, and what stood between the request and the stored result.

import * as api from './api.js'
import { absent, h, name } from './dom.js'
import { amountText, grouped, micros } from './numbers.js'
import { table } from './tables.js'
import { count, credits, time } from './values.js'

/** What each reason says to somebody who can do something about it. */
export const reasonTexts = {
  schema_labels: 'Other labels in the schema',
  schema_text: 'Same labels, another description',
  page_range: 'Another page range',
  model: 'Another model',
  other_members: 'Other members in the body',
  expired: 'Older than cache.ttl',
  purged: 'Purged in between',
  no_cache: 'The request said no-cache',
  no_store: 'A request said no-store',
  scope: 'Kept for one team alone'
}

const advice = {
  schema_labels: 'Let these clients send the same set of labels.',
  schema_text: 'Let these clients share one text for each label: a changed word is another question.',
  page_range: 'Ask for the same pages, or always for all of them.',
  model: 'Agree on one model for these documents.',
  other_members: 'Leave out members that the vendor’s page does not list.',
  expired: 'A longer cache.ttl keeps results for longer.',
  purged: 'Purge by document rather than everything.',
  no_cache: 'Leave Cache-Control: no-cache to the requests that need a fresh answer.',
  no_store: 'A request with no-store leaves nothing for the next one.',
  scope: 'cache.scope organization shares results between teams.'
}

export async function show({ status }) {
  await status()
  const report = await api.get('/insights')
  const rows = report.items
  const total = grouped(amountText(micros(report.total.credits)))
  return h(
    'div',
    { class: 'view' },
    h('h1', {}, 'Why not more'),
    h('p', { class: 'note' }, 'From ', time(report.from), ' to ', time(report.to), ', documents that had been paid for before cost ',
      h('strong', {}, `${total} credits`), ' again.'),
    table({
      title: 'Reasons',
      columns: [
        { title: 'What differed', name: 'reason', cell: (row) => reasonTexts[row.reason] ?? row.reason, csv: (row) => row.reason },
        { title: 'Paid first', name: 'first_team', cell: (row) => name(row.teams[0]), csv: (row) => row.teams[0] },
        { title: 'Paid again', name: 'again_team', cell: (row) => name(row.teams[1]), csv: (row) => row.teams[1] },
        { title: 'Credits', name: 'credits', number: true, cell: (row) => credits(row.credits), csv: (row) => row.credits },
        { title: 'Requests', name: 'requests', number: true, cell: (row) => count(row.requests), csv: (row) => row.requests },
        { title: 'What to do', kind: 'text', cell: (row) => advice[row.reason] ?? absent() }
      ],
      rows,
      filter: (row) => `${row.reason} ${row.teams.join(' ')}`,
      csvName: 'tollgate-insights',
      empty: 'Nothing was paid for twice. When a document is, the reason stands here with an example.'
    }),
    h('p', { class: 'note' }, `Not explained: ${told(report.unexplained)}. Not comparable any more: ${told(report.unknown)}.`),
    rows.filter((row) => row.examples.length > 0).slice(0, 20).map(examplesPanel)
  )
}

const told = (part) => `${grouped(part.requests)} requests, ${grouped(amountText(micros(part.credits)))} credits`

function examplesPanel(row) {
  return h(
    'section',
    { class: 'panel' },
    h('header', {}, h('h2', {}, reasonTexts[row.reason] ?? row.reason, ' · ', name(row.teams[0]), ' and ', name(row.teams[1]))),
    row.examples.map((each) => example(each))
  )
}

/** Two payments side by side; `reason` where no heading above says it. */
export function example({ document_id, first, again, differs, differs_more }, reason) {
  return h(
    'article',
    { class: 'example' },
    h('h3', {}, reason ? `${reason}: document ` : 'Document ', h('code', {}, document_id)),
    h('div', { class: 'sides' }, side('Paid first', first), side('Paid again', again)),
    differs.map(difference),
    differs_more !== '0' && h('p', { class: 'note' }, `and ${grouped(differs_more)} more differences`)
  )
}

function side(title, entry) {
  if (!entry) return h('div', {}, h('h4', {}, title), h('p', {}, 'No longer in the ledger.'))
  const cost = entry.unconfirmed ? ' (outcome unknown)' : ''
  return h('div', {}, h('h4', {}, title), h('p', {}, name(entry.team), ' · ', time(entry.at), ' · ', credits(entry.credits), ` credits${cost}`))
}

function difference({ part, label, member, first, again }) {
  const heading = [part.replaceAll('_', ' '), label !== null && [' · label ', name(label)], member !== null && ` · ${member}`]
  const [one, other] = marked(first, again)
  return h(
    'div',
    { class: 'difference' },
    h('h4', {}, heading),
    h('div', { class: 'sides' }, h('p', { class: 'side' }, one), h('p', { class: 'side' }, other))
  )
}

/** Both texts with what is not alike marked: what is left between the longest common beginning and end. */
function marked(first, again) {
  if (first === null || again === null) return [first, again].map((text) => (text === null ? absent() : h('bdi', {}, h('mark', {}, text))))
  const [one, other] = [[...first], [...again]]
  const shorter = Math.min(one.length, other.length)
  let start = 0
  while (start < shorter && one[start] === other[start]) start += 1
  let end = 0
  while (end < shorter - start && one.at(-1 - end) === other.at(-1 - end)) end += 1
  return [one, other].map((letters) => {
    const middle = letters.slice(start, letters.length - end).join('')
    const [head, tail] = [letters.slice(0, start).join(''), letters.slice(letters.length - end).join('')]
    return h('bdi', {}, head, middle && h('mark', {}, middle), tail)
  })
}
