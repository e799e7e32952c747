// What the cache holds: the results of a document, and their removal.

import * as api from './api.js'
import { ask, tell } from './dialogs.js'
import { absent, button, h, name, shortCode } from './dom.js'
import { grouped } from './numbers.js'
import { faultPanel, table } from './tables.js'
import { count, credits, time } from './values.js'

let documentID = ''

export async function show({ may, status, refresh }) {
  const { purges } = await status()
  const requests = { stats: api.get('/cache/stats'), lessons: api.list('/lessons') }
  if (documentID) requests.entries = api.list('/cache/entries', { document_id: documentID })
  const answers = await api.all(requests)
  return h(
    'div',
    { class: 'view' },
    h('header', { class: 'title' }, h('h1', {}, 'Cache'),
      h('div', { class: 'tools' }, may('operator') && button('Purge everything', () => purge({ all: 'true' }, 'every result', refresh), 'danger quiet'))),
    statsPanel(answers.stats),
    purges.length > 0 && purgesPanel(purges),
    search(refresh),
    answers.entries && entriesPanel(answers.entries, may, refresh),
    lessonsPanel(answers.lessons, may, refresh)
  )
}

const bytes = (text) => {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let [value, unit] = [Number(text), 0]
  while (value >= 1024 && unit < units.length - 1) [value, unit] = [value / 1024, unit + 1]
  return h('data', { value: text }, `${unit ? value.toFixed(1) : value} ${units[unit]}`)
}

function statsPanel({ value, fault }) {
  if (fault) return faultPanel('What it holds', fault)
  const { memory } = value
  const item = (word, ...content) => h('div', {}, h('dt', {}, word), h('dd', {}, content))
  return h('section', { class: 'panel' }, h('header', {}, h('h2', {}, 'What it holds')),
    h('dl', { class: 'facts' },
      item('Results in the store', count(value.entries)),
      item('In memory', count(memory.entries)),
      item('Memory', bytes(memory.bytes), ' of ', bytes(memory.bytes_max)),
      item('Evictions since the start', count(memory.evictions)),
      item('Store', bytes(value.store_bytes), ', of it free ', bytes(value.store_bytes_free)),
      item('Oldest result', time(value.oldest_stored_at)),
      item('Newest result', time(value.newest_stored_at))))
}

function purgesPanel(purges) {
  return table({
    title: 'Purges under way',
    columns: [
      { title: 'Of', cell: (row) => name(row.what) },
      { title: 'Since', cell: (row) => time(row.at) },
      { title: 'Purged', number: true, cell: (row) => count(row.purged) },
      { title: 'Left', number: true, cell: (row) => count(row.remaining) }
    ],
    rows: purges,
    empty: ''
  })
}

function search(refresh) {
  const input = h('input', { type: 'search', value: documentID, placeholder: 'Document id (UUID)', 'aria-label': 'Document id', size: 38 })
  const look = (event) => {
    event.preventDefault()
    documentID = input.value.trim()
    refresh()
  }
  return h('form', { class: 'filters', onsubmit: look }, input, h('button', { type: 'submit', class: 'primary' }, 'Look up'))
}

function entriesPanel({ value, fault }, may, refresh) {
  const title = `Results about ${documentID}`
  if (fault) return faultPanel(title, fault)
  const text = (heading, member) => ({
    title: heading, name: member, cell: (row) => (row[member] === null ? absent() : name(row[member])), csv: (row) => row[member]
  })
  const columns = [
    text('Account', 'account'),
    text('Team', 'team'),
    text('Model', 'model'),
    { title: 'Pages', name: 'page_range', cell: (row) => row.page_range ?? 'all', csv: (row) => row.page_range },
    text('Classification', 'classification'),
    { title: 'Credits', name: 'credits', number: true, cell: (row) => credits(row.credits), csv: (row) => row.credits },
    { title: 'Stored', name: 'stored_at', cell: (row) => time(row.stored_at), csv: (row) => row.stored_at },
    { title: 'Expires', name: 'expires_at', cell: (row) => time(row.expires_at), csv: (row) => row.expires_at },
    { title: 'Cache key', name: 'key', cell: (row) => shortCode(row.key), csv: (row) => row.key }
  ]
  const operator = may('operator')
  if (operator) columns.push({ title: '', cell: (row) => button('Purge', () => purge({ key: row.key }, 'this result', refresh), 'danger quiet') })
  return table({
    title,
    columns,
    rows: value.rows,
    more: value.next,
    tools: [operator && value.rows.length > 0 && button('Purge all of the document', () => purge({ document_id: documentID }, 'all results of this document, and its learned pages', refresh), 'danger quiet')],
    csvName: `tollgate-results-${documentID}`,
    empty: 'The store has no result about this document.'
  })
}

function lessonsPanel({ value, fault }, may, refresh) {
  const title = 'What estimates have learned'
  if (fault) return faultPanel(title, fault)
  const what = (row) => (row.kind === 'document' ? shortCode(row.document_id) : name(row.model))
  return table({
    title,
    note: 'A request is reserved at pages times credits a page: the median of the model’s last replies, and the pages that a reply told of a document.',
    columns: [
      { title: 'Of', name: 'kind', cell: (row) => row.kind, csv: (row) => row.kind },
      { title: '', spoken: 'Which', name: 'of', cell: what, csv: (row) => row.document_id ?? row.model },
      { title: 'Credits a page', name: 'credits_per_page', number: true, cell: (row) => credits(row.credits_per_page), csv: (row) => row.credits_per_page },
      { title: 'Replies', name: 'replies', number: true, cell: (row) => count(row.replies), csv: (row) => row.replies },
      { title: 'Pages', name: 'pages', number: true, cell: (row) => count(row.pages), csv: (row) => row.pages },
      { title: 'Account', name: 'account', cell: (row) => (row.account ? name(row.account) : absent()), csv: (row) => row.account },
      ...(may('admin') ? [{ title: '', cell: (row) => h('span', { class: 'actions' }, button('Forget', () => forget(row, refresh), 'danger quiet')) }] : [])
    ],
    rows: value.rows,
    more: value.next,
    filter: (row) => `${row.model ?? ''} ${row.document_id ?? ''}`,
    csvName: 'tollgate-lessons',
    empty: 'Nothing was paid for yet. Until then estimates are those of upstream.credits_per_page and upstream.assumed_pages.'
  })
}

async function forget({ kind, model, document_id }, refresh) {
  const isDocument = kind === 'document'
  const done = await ask({
    title: isDocument ? 'Forget the pages of this document?' : `Forget what a page of ${model} costs?`,
    effect: isDocument
      ? 'Requests for all of its pages are estimated at upstream.assumed_pages until a reply tells them again.'
      : 'Requests are estimated at upstream.credits_per_page until a paid reply tells it again.',
    verb: 'Forget',
    danger: true,
    action: () => api.remove('/lessons', isDocument ? { document_id } : { model }).then(() => true)
  })
  if (!done) return
  tell('It is forgotten.')
  refresh()
}

async function purge(what, words, refresh) {
  const answer = await ask({
    title: `Purge ${words}?`,
    effect: 'The results are removed from store and memory. The next requests for them are charged again.',
    verb: 'Purge',
    danger: true,
    action: () => api.remove('/cache/entries', what)
  })
  if (!answer) return
  tell(`${grouped(answer.purged)} results were purged.`)
  refresh()
}
