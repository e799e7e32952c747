// The vendor's bills beside what the ledger has booked.

import * as api from './api.js'
import { ask, tell } from './dialogs.js'
import { absent, button, h, name } from './dom.js'
import { amountText, exact, grouped, micros } from './numbers.js'
import { table } from './tables.js'
import { moment, today } from './times.js'
import { credits, state, time } from './values.js'

export async function show({ may, status, refresh }) {
  const { upstream } = await status()
  const { rows, next } = await api.list('/statements')
  const admin = may('admin')
  const amount = (title, member) => ({
    title, name: member, number: true, cell: (row) => credits(row[member]), csv: (row) => row[member]
  })
  const columns = [
    { title: 'From', name: 'from', cell: (row) => end(row.from), csv: (row) => row.from },
    { title: 'To', name: 'to', cell: (row) => end(row.to), csv: (row) => row.to },
    { title: 'Account', name: 'account', cell: (row) => name(row.account), csv: (row) => row.account },
    amount('Billed', 'credits'),
    amount('Booked', 'spent'),
    amount('Outcome unknown', 'unconfirmed'),
    amount('Drift', 'drift'),
    { title: 'What it says', kind: 'text', cell: judgement },
    { title: 'Entered', name: 'created_at', cell: (row) => time(row.created_at), csv: (row) => row.created_at },
    ...(admin ? [{ title: '', cell: (row) => button('Withdraw', () => withdraw(row, refresh)) }] : [])
  ]
  return h(
    'div',
    { class: 'view' },
    h('h1', {}, 'Statements'),
    h('p', { class: 'note' }, 'The vendor’s bill for an account, beside what the gateway has booked to it on the same days. Drift is billed less booked.'),
    table({
      title: 'The vendor’s bills',
      columns,
      rows,
      more: next,
      tools: [admin && button('Enter a bill', () => enter(upstream.map(({ account }) => account), refresh), 'primary')],
      filter: (row) => `${row.account} ${row.from} ${row.to}`,
      csvName: 'tollgate-statements',
      empty: admin ? 'No bill was entered yet. Enter the vendor’s, and this says whether it is what was booked.' : 'No bill was entered yet. A token with the role admin can enter one.'
    })
  )
}

/** A day as it was entered, or a moment. */
const end = (text) => (text === null ? absent() : h('time', { datetime: text }, text.length > 10 ? moment(text) : text))

function judgement({ drift, unconfirmed }) {
  const [difference, unknown] = [micros(drift), micros(unconfirmed)]
  if (difference === 0n) return state('as booked', 'good')
  if (difference < 0n) return state('less was billed than was booked', 'warn')
  if (difference <= unknown) return state('may be what is unknown: resolve it', 'warn')
  return state('more than the gateway knows of', 'bad')
}

async function enter(accounts, refresh) {
  const month = today().slice(0, 7)
  const done = await ask({
    title: 'Enter a bill',
    effect: 'It is compared with what was booked to the account on these days. Nothing is booked by it.',
    verb: 'Enter it',
    fields: [
      { label: 'Account', name: 'account', value: accounts[0] ?? 'default', required: true },
      { label: 'From', name: 'from', value: `${month}-01`, required: true, hint: 'The first day.' },
      { label: 'To', name: 'to', value: today(), required: true, hint: 'The last day.' },
      { label: 'Credits billed', name: 'credits', required: true, inputmode: 'decimal' }
    ],
    action: ({ account, from, to, credits }) =>
      api.post('/statements', { account: account.trim(), from: from.trim(), to: to.trim(), credits: exact(credits) }).then(() => true)
  })
  if (!done) return
  tell('The bill is entered.')
  refresh()
}

async function withdraw(row, refresh) {
  const done = await ask({
    title: `Withdraw the bill of ${grouped(amountText(micros(row.credits)))} credits?`,
    effect: `It is no longer compared: account ${row.account}, from ${row.from} to ${row.to}. What was booked stays.`,
    verb: 'Withdraw',
    danger: true,
    action: () => api.remove(api.path('statements', row.id)).then(() => true)
  })
  if (!done) return
  tell('The bill is withdrawn.')
  refresh()
}
