// First glance: the month's credits, what was saved, the hit rate, and health. Below: the days, and parts that are read
// when they are scrolled to.

import * as api from './api.js'
import { standing } from './budgets.js'
import { dayChart, meter } from './charts.js'
import { h, keepFocus } from './dom.js'
import { grouped, micros, percent, sum } from './numbers.js'
import { summaries } from './summaries.js'
import { faultPanel, faultText, table } from './tables.js'
import { dayAfter, dayName, monthName, today } from './times.js'
import { count, credits, state, time, timeInWords } from './values.js'

const daysShown = 30
const requestsMax = 6
/** Of the first glance, which is read each time. */
const requestsAtFirst = 4

/** The view stays while it is read again: the first glance is drawn anew, and what is below reads itself. */
let view = null

export async function show(context) {
  if (context.isNew) {
    view?.sections.end()
    view = null
  }
  const status = await context.status()
  const day = today()
  const first = [dayAfter(day, 1 - daysShown), `${day.slice(0, 7)}-01`].sort()[0]
  const [answers] = await Promise.all([
    api.all({
      budgets: api.get('/budgets', { limit: 1 }),
      days: api.get('/spend', { group_by: 'day', from: first, to: day }),
      cache: api.get('/cache/stats')
    }),
    view?.sections.refresh(requestsMax - requestsAtFirst)
  ])
  view ??= makeView(context)
  const scope = answers.budgets.value?.items[0]
  const budget = scope?.scope === 'organization' ? monthBudget(scope.budgets) : null
  const glance = [
    h(
      'div',
      { class: 'tiles' },
      creditsTile(budget, answers, day),
      savedTile(answers.days, day),
      hitTile(answers.cache),
      healthTile(status)
    ),
    daysPanel(answers.days, budget, day)
  ]
  keepFocus(view.glance, () => view.glance.replaceChildren(...glance))
  return view.element
}

function makeView(context) {
  const { sections, elements } = summaries(context)
  const glance = h('div', { class: 'view' })
  return { sections, glance, element: h('div', { class: 'view' }, h('h1', { class: 'unseen' }, 'Overview'), glance, elements) }
}

/** The enforced budget of the month, else its shadow. */
function monthBudget(budgets) {
  const ofMonth = budgets.filter((budget) => budget.window === 'month')
  return ofMonth.find((budget) => budget.enforce) ?? ofMonth[0] ?? null
}

function tile(title, ...content) {
  const id = `tile-${title.toLowerCase().replaceAll(/[^a-z]+/g, '-')}`
  return h('section', { class: 'tile', 'aria-labelledby': id }, h('h2', { id }, title), content)
}

const line = (word, ...value) => h('div', {}, h('dt', {}, word), h('dd', {}, value))

/** What the days of the running month come to. */
function monthSums(days, day) {
  const items = days.items.filter((item) => item.day.startsWith(day.slice(0, 7)))
  const of = (member) => sum(items.map((item) => micros(item[member])))
  return { spent: of('spent'), unconfirmed: of('unconfirmed'), saved: of('saved') }
}

function creditsTile(budget, { budgets, days }, day) {
  const title = `Credits, ${monthName()}`
  if (budget) {
    const { spent, unconfirmed, reserved, room, used } = standing(budget)
    const parts = [['spent', spent], ['unconfirmed', unconfirmed], ['reserved', reserved]]
    const share = percent(used, room)
    return tile(
      title,
      h('p', { class: 'figure', id: 'spent' }, credits(budget.spent), h('small', {}, ' of ', credits(room))),
      meter(parts, room, `${share ?? 'All'} of the limit used`),
      h(
        'dl',
        {},
        line('Outcome unknown', unconfirmed > 0n ? h('a', { href: '#/unconfirmed' }, credits(unconfirmed)) : credits(unconfirmed)),
        line('Reserved', credits(reserved)),
        line('Left', credits(budget.remaining), share && h('small', {}, ` ${share} used`)),
        budget.runs_out_at
          ? line('Runs out', state(' ', 'warn'), timeInWords(budget.runs_out_at), ', ', time(budget.runs_out_at))
          : line('Runs out', 'not before it resets, ', time(budget.resets_at)),
        budget.enforce ? null : line('Shadow', count(budget.would_have_refused), ' would have been refused')
      )
    )
  }
  if (days.fault || budgets.fault) return tile(title, faultText(days.fault ?? budgets.fault))
  const month = monthSums(days.value, day)
  return tile(
    title,
    h('p', { class: 'figure', id: 'spent' }, credits(month.spent), h('small', {}, ' spent')),
    h('dl', {}, line('Outcome unknown', credits(month.unconfirmed))),
    h('p', { class: 'advice' }, 'No limit a month is set for the organization. ', h('code', {}, 'budgets.organization'),
      ' in the configuration sets one, and then this says when it runs out.')
  )
}

function savedTile(days, day) {
  if (days.fault) return tile('Saved this month', faultText(days.fault))
  const month = monthSums(days.value, day)
  const whole = month.spent + month.unconfirmed + month.saved
  const share = percent(month.saved, whole)
  return tile(
    'Saved this month',
    h('p', { class: 'figure', id: 'saved' }, credits(month.saved), h('small', {}, ' credits')),
    share
      ? [
          meter([['saved', month.saved]], whole, `${share} saved`),
          h('dl', {}, line('Share', share), line('Without the cache', credits(whole)), line('Charged', credits(month.spent)))
        ]
      : h('p', { class: 'advice' }, 'Nothing was asked this month. ', h('code', {}, 'tollgate demo'), ' prints a request to try.')
  )
}

function hitTile({ value, fault }) {
  const title = 'Hit rate, 24 h'
  if (fault) return tile(title, faultText(fault))
  const last = value.last_24h
  const [hits, collapsed, misses] = [last.hits, last.collapsed, last.misses].map(BigInt)
  const all = hits + collapsed + misses
  return tile(
    title,
    h('p', { class: 'figure', id: 'hits' }, percent(hits, all) ?? '–'),
    meter([['saved', hits], ['collapsed', collapsed]], all, 'Hits and collapsed requests of all'),
    h(
      'dl',
      {},
      line('With collapsed', percent(hits + collapsed, all) ?? '–'),
      line('Hits', count(last.hits)),
      line('Collapsed', count(last.collapsed)),
      line('Misses', count(last.misses)),
      line('Since', time(last.since))
    )
  )
}

// Health: green, or the reason.

function healthTile(status) {
  const judges = [storeHealth, nodesHealth, keyHealth, breakerHealth, queueHealth]
  const lines = judges.map((judge) => judge(status)).filter((line) => line !== null)
  const isWell = lines.every(([, , kind]) => kind === 'good')
  return tile(
    'Health',
    h('p', { class: 'figure', id: 'health' }, isWell ? state('All is well', 'good') : state('Look here', worst(lines))),
    h('dl', { class: 'health' }, lines.map(([word, text, kind]) => line(word, state(text, kind))))
  )
}

const worst = (lines) => (lines.some(([, , kind]) => kind === 'bad') ? 'bad' : 'warn')

function storeHealth({ nodes }) {
  // Other nodes do not tell of their stores here.
  const broken = nodes.find((node) => node.store !== null && node.store !== 'ready')
  return broken ? ['Store', broken.store_detail ?? broken.store, 'bad'] : ['Store', 'ready', 'good']
}

function nodesHealth({ nodes }) {
  if (nodes.length === 1) return null
  const live = nodes.filter((node) => node.state !== 'dead')
  const others = live.filter((node) => !node.same_configuration)
  if (others.length === 0) return ['Nodes', `${live.length} live`, 'good']
  return ['Nodes', `another configuration on ${others.map((node) => node.address).join(', ')}`, 'warn']
}

function keyHealth({ upstream }) {
  const all = upstream.flatMap((account) => account.keys)
  const idle = all.filter((key) => key.state !== 'active' || !key.in_time)
  const word = 'Vendor keys'
  if (all.length === 0) return [word, 'there is none: requests to the vendor are refused', 'bad']
  if (idle.length === 0) return [word, `${all.length} of ${all.length} active`, 'good']
  const reasons = idle.slice(0, 3).map((key) => `${key.id} ${keyReason(key)}`)
  return [word, reasons.join(', '), idle.length === all.length ? 'bad' : 'warn']
}

const keyReason = (key) => (key.in_time ? key.quarantine_reason ?? key.state : 'outside of its dates')

function breakerHealth({ upstream }) {
  const open = upstream.filter((account) => account.circuit !== 'closed')
  if (open.length === 0) return ['Breaker', 'closed', 'good']
  return ['Breaker', open.map((account) => `${account.account} ${account.circuit}`).join(', '), 'bad']
}

function queueHealth({ upstream }) {
  const waiting = upstream.reduce((total, account) => total + Number(account.waiting), 0)
  return waiting === 0 ? ['Queue', 'empty', 'good'] : ['Queue', `${grouped(waiting)} waiting for the vendor`, 'warn']
}

// Below the first glance.

function daysPanel(days, budget, day) {
  const title = `Spend and savings per day, ${daysShown} days`
  if (days.fault) return faultPanel(title, days.fault)
  const items = days.value.items.slice(-daysShown)
  const columns = [
    { title: 'Day', name: 'day', cell: (item) => dayName(item.day), csv: (item) => item.day },
    ...['spent', 'unconfirmed', 'saved'].map((member) => ({
      title: { spent: 'Charged', unconfirmed: 'Outcome unknown', saved: 'Saved' }[member],
      name: member,
      number: true,
      cell: (item) => credits(item[member]),
      csv: (item) => item[member]
    })),
    ...['requests', 'hits', 'collapsed', 'misses', 'denied'].map((member) => ({
      title: member[0].toUpperCase() + member.slice(1),
      name: member,
      number: true,
      cell: (item) => count(item[member]),
      csv: (item) => item[member]
    }))
  ]
  const all = table({ title, columns, rows: [...items].reverse(), csvName: 'tollgate-days', level: 'h3', empty: '' })
  return h(
    'section',
    { class: 'panel', id: 'days' },
    h('header', {}, h('h2', {}, title)),
    dayChart(items, budget, day),
    h('details', {}, h('summary', {}, 'The same as a table'), all)
  )
}
