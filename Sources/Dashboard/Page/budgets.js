// Budgets as bars and columns.

import { meter } from './charts.js'
import { absent, h, name } from './dom.js'
import { micros, percent } from './numbers.js'
import { count, credits, timeInWords } from './values.js'

/** Used up of a budget: spent, unconfirmed and reserved, and the room that grants add to. */
export function standing(budget) {
  const [spent, unconfirmed, reserved] = [budget.spent, budget.unconfirmed, budget.reserved].map(micros)
  const room = micros(budget.credits) + micros(budget.granted)
  return { spent, unconfirmed, reserved, room, used: spent + unconfirmed + reserved }
}

/** Whether the first of two budgets is nearer to its end. */
function isNearer(one, other) {
  return one.used * (other.room || 1n) > other.used * (one.room || 1n)
}

/** Of several budgets the one that is nearest to its end. */
export function nearest(budgets) {
  return budgets.reduce((most, budget) => (isNearer(standing(budget), standing(most)) ? budget : most))
}

export const teamLink = (id) => h('a', { href: `#/teams/${encodeURIComponent(id)}` }, name(id))

/** Columns of rows `{id, budget}`; the last ones only where the month's usage by team is at hand, as a map. */
export function teamColumns(usages) {
  const of = (budget, member) => (budget ? budget[member] : null)
  const columns = [
    { title: 'Team', name: 'team', cell: (row) => teamLink(row.id), csv: (row) => row.id },
    { title: 'Used', name: 'used', kind: 'bar-cell', cell: (row) => share(row.budget), csv: (row) => (row.budget ? shareText(row.budget) : null) },
    { title: 'Left', name: 'remaining', number: true, cell: (row) => credits(of(row.budget, 'remaining')), csv: (row) => of(row.budget, 'remaining') },
    { title: 'Window', name: 'window', cell: (row) => budgetName(row.budget), csv: (row) => of(row.budget, 'window') },
    { title: 'Resets', name: 'resets_at', cell: (row) => timeInWords(of(row.budget, 'resets_at')), csv: (row) => of(row.budget, 'resets_at') }
  ]
  if (!usages) return columns
  const usage = (member) => (row) => usages.get(row.id)?.[member]
  return [
    ...columns,
    { title: 'Would have refused', name: 'would_have_refused', number: true, cell: (row) => count(of(row.budget, 'would_have_refused')), csv: (row) => of(row.budget, 'would_have_refused') },
    { title: 'Charged', name: 'charged', number: true, cell: (row) => credits(usage('spent')(row)), csv: usage('spent') },
    { title: 'Saved', name: 'saved', number: true, cell: (row) => credits(usage('saved')(row)), csv: usage('saved') }
  ]
}

function budgetName(budget) {
  if (!budget) return absent()
  return budget.enforce ? budget.window : h('span', { title: 'Counted, never refused' }, `${budget.window}, shadow`)
}

function shareText(budget) {
  const { used, room } = standing(budget)
  return percent(used, room) ?? '100.0 %'
}

/** The bar of a budget, with its share in figures. */
export function share(budget) {
  if (!budget) return absent()
  const { spent, unconfirmed, reserved, used, room } = standing(budget)
  const kind = used >= room ? 'over' : used * 10n >= room * 8n ? 'near' : 'spent'
  const text = shareText(budget)
  const parts = [[kind, spent], ['unconfirmed', unconfirmed], ['reserved', reserved]]
  return h('span', { class: 'share' }, meter(parts, room, `${text} used`), h('span', { class: 'number' }, text))
}
