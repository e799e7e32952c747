// Drawings in SVG. Sizes are attributes and classes, since the page's policy allows no inline styles.

import { h, svg } from './dom.js'
import { amountText, fraction, grouped, micros, sum } from './numbers.js'
import { dayName, daysInMonth } from './times.js'

const size = { width: 960, height: 240, left: 56, right: 8, top: 10, bottom: 22 }

/** A number of about four steps of which each is 1, 2 or 5 times a power of ten. Micro-credits. */
function gridStep(largest) {
  const target = largest / 4n
  for (let power = 1n; ; power *= 10n) {
    for (const factor of [1n, 2n, 5n]) if (power * factor >= target) return power * factor
  }
}

/** Short for an axis: `12k`, `3.5M`. */
function short(value) {
  for (const [unit, letter] of [[10n ** 12n, 'M'], [10n ** 9n, 'k']]) {
    if (value >= unit) return `${amountText((value * 1_000_000n) / unit)}${letter}`
  }
  return amountText(value)
}

/**
 * Spend and savings of each day, stacked, with the pace that would use the month's budget up exactly.
 *
 * - items: of a spend report by day.
 * - budget: the organization's for the month, or nothing.
 */
export function dayChart(items, budget, todayText) {
  const days = items.map((item) => ({
    day: item.day,
    parts: [micros(item.spent), micros(item.unconfirmed), micros(item.saved)]
  }))
  const pace = budget && micros(budget.credits) / BigInt(daysInMonth(todayText))
  const totals = days.map((day) => sum(day.parts))
  const highest = [...totals, pace ?? 0n, 1n].reduce((most, total) => (total > most ? total : most))
  const step = gridStep(highest)
  const top = ((highest + step - 1n) / step) * step
  const inner = { width: size.width - size.left - size.right, height: size.height - size.top - size.bottom }
  const y = (value) => size.top + inner.height * (1 - Number((value * 100_000n) / top) / 100_000)
  const slot = inner.width / days.length
  const marks = []
  for (let value = 0n; value <= top; value += step) {
    marks.push(svg('line', { class: 'grid', x1: size.left, x2: size.width - size.right, y1: y(value), y2: y(value) }))
    marks.push(svg('text', { class: 'tick', x: size.left - 8, y: y(value) + 4, 'text-anchor': 'end' }, short(value)))
  }
  const every = Math.ceil(days.length / 10)
  days.forEach((day, index) => {
    const x = size.left + index * slot
    let below = 0n
    const bars = ['spent', 'unconfirmed', 'saved'].map((kind, part) => {
      const from = y(below)
      below += day.parts[part]
      const height = from - y(below)
      return height > 0 && svg('rect', { class: `bar ${kind}`, x: x + slot * 0.14, y: y(below), width: slot * 0.72, height })
    })
    const hover = svg('rect', { class: 'hover', x, y: size.top, width: slot, height: inner.height, 'data-index': index })
    marks.push(svg('g', { class: 'day' }, bars.filter(Boolean), hover))
    if ((days.length - 1 - index) % every === 0) {
      marks.push(svg('text', { class: 'tick', x: x + slot / 2, y: size.height - 6, 'text-anchor': 'middle' }, dayName(day.day)))
    }
  })
  if (pace) {
    const first = Math.max(0, days.findIndex((day) => day.day.slice(0, 7) === todayText.slice(0, 7)))
    const x = size.left + first * slot
    marks.push(svg('line', { class: 'pace', x1: x, x2: size.width - size.right, y1: y(pace), y2: y(pace) }))
  }
  return withReadout(days, marks, pace)
}

/** The drawing with a line that reads out one day: the one pointed at, or reached with the arrow keys. */
function withReadout(days, marks, pace) {
  const readout = h('p', { class: 'readout', 'aria-live': 'polite' })
  const drawing = svg(
    'svg',
    {
      class: 'days',
      viewBox: `0 0 ${size.width} ${size.height}`,
      role: 'img',
      tabindex: '0',
      'aria-label': `Spend and savings of ${days.length} days, stacked. The arrow keys read out each day; the table below has all of them.`
    },
    marks
  )
  const groups = drawing.querySelectorAll('g.day')
  let chosen = days.length - 1
  const texts = ([spent, unconfirmed, saved]) =>
    [['spent', spent], ['outcome unknown', unconfirmed], ['saved', saved]]
      .filter(([, value], index) => index !== 1 || value > 0n)
      .map(([word, value]) => `${word} ${grouped(amountText(value))}`)
      .join(' · ')
  function choose(index) {
    chosen = Math.min(days.length - 1, Math.max(0, index))
    groups.forEach((group, at) => group.classList.toggle('chosen', at === chosen))
    readout.replaceChildren(h('strong', {}, dayName(days[chosen].day)), ` ${texts(days[chosen].parts)}`)
  }
  drawing.addEventListener('pointermove', (event) => {
    const index = event.target.dataset?.index
    if (index !== undefined) choose(Number(index))
  })
  drawing.addEventListener('keydown', (event) => {
    const steps = { ArrowLeft: -1, ArrowRight: 1, Home: -days.length, End: days.length }
    if (!(event.key in steps)) return
    event.preventDefault()
    choose(chosen + steps[event.key])
  })
  choose(chosen)
  const key = (kind, text) => h('span', { class: `key ${kind}` }, text)
  const legend = h(
    'p',
    { class: 'legend' },
    key('spent', 'Spent'),
    key('unconfirmed', 'Outcome unknown'),
    key('saved', 'Saved'),
    pace ? key('pace', `Pace that uses the month’s budget up exactly: ${grouped(amountText(pace))} a day`) : null
  )
  const box = h('div', { class: 'chart-scroll' }, drawing)
  // Where the days do not fit, the latest ones are seen first.
  requestAnimationFrame(() => box.scrollTo(box.scrollWidth, 0))
  return h('div', { class: 'chart' }, legend, box, readout)
}

/** A bar of parts of a whole: `[[kind, amount], …]`, in micro-credits. */
export function meter(parts, room, label) {
  const width = 100
  let x = 0
  const bars = parts.map(([kind, amount]) => {
    const length = Math.min(width - x, fraction(amount, room) * width)
    const bar = svg('rect', { class: `bar ${kind}`, x, y: 0, width: length, height: 8 })
    x += length
    return bar
  })
  return svg(
    'svg',
    { class: 'meter', viewBox: `0 0 ${width} 8`, preserveAspectRatio: 'none', role: 'img', 'aria-label': label },
    svg('rect', { class: 'room', x: 0, y: 0, width, height: 8 }),
    bars
  )
}
