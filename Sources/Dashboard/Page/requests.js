// The last requests, from the gateway's memory.

import * as api from './api.js'
import { absent, h, name, shortCode } from './dom.js'
import { grouped } from './numbers.js'
import { table } from './tables.js'
import { credits, state, timeToSecond } from './values.js'

/** The filters stay while the page is open. */
const wanted = { team: '', status: '' }
let routeTeam

export async function show({ id, status, refresh }) {
  // The address names a team once; the field may be changed from there.
  if (id && id !== routeTeam) wanted.team = id
  routeTeam = id
  await status()
  const { form, isSet } = requestFilters(refresh)
  const { rows, next } = await api.list('/requests', { ...wanted })
  return h(
    'div',
    { class: 'view' },
    h('h1', {}, 'Requests'),
    table({
      title: 'Recent requests',
      note: 'The last 1,000 of this node; a restart forgets them.',
      columns: requestColumns(),
      rows,
      more: next,
      tools: [form],
      csvName: 'tollgate-requests',
      empty: isSet
        ? 'None of the last 1,000 requests matches.'
        : 'Nothing was asked since the start. Send a request with a team’s key; README has one to copy.'
    })
  )
}

/** A form by team and status, what it asks for, and whether that is anything. */
export function requestFilters(refresh) {
  const team = h('input', { type: 'search', name: 'team', placeholder: 'Team', 'aria-label': 'Team', value: wanted.team, size: 14 })
  const choices = [['', 'Any status'], ['2xx', '2xx'], ['4xx', '4xx'], ['402', '402 over budget'], ['403', '403'], ['429', '429'], ['5xx', '5xx']]
  const statuses = h('select', { name: 'status', 'aria-label': 'Status' },
    choices.map(([value, text]) => h('option', { value, selected: value === wanted.status }, text)))
  const apply = (event) => {
    event.preventDefault()
    wanted.team = team.value.trim()
    wanted.status = statuses.value
    refresh()
  }
  statuses.addEventListener('change', apply)
  const form = h('form', { class: 'filters', onsubmit: apply }, team, statuses)
  return { form, wanted, isSet: wanted.team !== '' || wanted.status !== '' }
}

const kindOf = (status) => (status < 400 ? 'good' : status < 500 ? 'warn' : 'bad')
const optional = (text) => (text === null ? absent() : name(text))

const shortNames = ['at', 'team', 'status', 'cache_status', 'charged', 'saved', 'duration_ms', 'document_id', 'error']

export const requestColumns = ({ isShort = false } = {}) =>
  isShort ? columns.filter((column) => shortNames.includes(column.name)) : columns

const columns = [
  { title: 'At', name: 'at', cell: (row) => timeToSecond(row.at), csv: (row) => row.at },
  { title: 'Status', name: 'status', cell: (row) => state(row.status, kindOf(Number(row.status))), csv: (row) => row.status },
  { title: 'Team', name: 'team', cell: (row) => optional(row.team), csv: (row) => row.team },
  { title: 'Cache', name: 'cache_status', cell: (row) => optional(row.cache_status), csv: (row) => row.cache_status },
  { title: 'Charged', name: 'charged', number: true, cell: (row) => credits(row.charged), csv: (row) => row.charged },
  { title: 'Saved', name: 'saved', number: true, cell: (row) => credits(row.saved), csv: (row) => row.saved },
  { title: 'ms', name: 'duration_ms', number: true, cell: (row) => grouped(row.duration_ms), csv: (row) => row.duration_ms },
  { title: 'Vendor ms', name: 'upstream_ms', number: true, cell: (row) => (row.upstream_ms === null ? absent() : grouped(row.upstream_ms)), csv: (row) => row.upstream_ms },
  { title: 'Model', name: 'model', cell: (row) => optional(row.model), csv: (row) => row.model },
  { title: 'Document', name: 'document_id', cell: (row) => (row.document_id === null ? absent() : shortCode(row.document_id)), csv: (row) => row.document_id },
  { title: 'Key', name: 'key', cell: (row) => optional(row.key), csv: (row) => row.key },
  { title: 'Request', name: 'path', cell: (row) => [`${row.method} `, name(row.path)], csv: (row) => `${row.method} ${row.path}` },
  { title: 'Error', name: 'error', cell: (row) => optional(row.error), csv: (row) => row.error },
  { title: 'Request id', name: 'request_id', cell: (row) => shortCode(row.request_id), csv: (row) => row.request_id }
]
