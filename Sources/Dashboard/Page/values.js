// Numbers and times as elements, which keep beside what people read what the API said.

import { absent, h } from './dom.js'
import { amountText, grouped, micros } from './numbers.js'
import { fromNow, moment, second } from './times.js'

/** Credits as the API wrote them, or micro-credits that were summed here. */
export function credits(amount) {
  if (amount === null || amount === undefined) return absent()
  const text = typeof amount === 'bigint' ? amountText(amount) : amountText(micros(amount))
  return h('data', { value: text, class: text === '0' ? 'number zero' : 'number' }, grouped(text))
}

export function count(text) {
  if (text === null || text === undefined) return absent()
  return h('data', { value: String(text), class: String(text) === '0' ? 'number zero' : 'number' }, grouped(text))
}

export function time(text) {
  if (!text) return absent()
  return h('time', { datetime: text, title: fromNow(text) }, moment(text))
}

export function timeToSecond(text) {
  return h('time', { datetime: text, title: fromNow(text) }, second(text))
}

/** A time to come or gone by in words, with the time itself. */
export function timeInWords(text) {
  if (!text) return absent()
  return h('time', { datetime: text, title: moment(text) }, fromNow(text))
}

/** A state with a mark whose shape tells it too, for those who see no colours. */
export function state(text, kind) {
  return h('span', { class: `state ${kind}` }, text)
}
