// Days and times are those of `budgets.time_zone`, wherever the browser is.

let zone = 'UTC'
let formats = makeFormats()
/** How far the gateway's clock is ahead of the browser's, in milliseconds. */
let ahead = 0

function makeFormats() {
  const make = (options) => new Intl.DateTimeFormat('en-GB', { timeZone: zone, hourCycle: 'h23', ...options })
  const day = { day: 'numeric', month: 'short', year: 'numeric' }
  const clock = { hour: '2-digit', minute: '2-digit' }
  return {
    moment: make({ ...day, ...clock }),
    second: make({ day: 'numeric', month: 'short', ...clock, second: '2-digit' }),
    clock: make({ ...clock, second: '2-digit' }),
    day: make({ day: 'numeric', month: 'short' }),
    month: make({ month: 'long', year: 'numeric' }),
    date: make({ year: 'numeric', month: '2-digit', day: '2-digit' })
  }
}

/** Takes the zone that the gateway names; one that this browser does not know leaves UTC, which the page then names. */
export function setZone(name) {
  if (name === zone) return
  try {
    new Intl.DateTimeFormat('en-GB', { timeZone: name })
    zone = name
  } catch {
    zone = 'UTC'
  }
  formats = makeFormats()
}

export function zoneName() {
  return zone
}

/** Takes the time of a reply's field `Date`. */
export function setNow(httpDate) {
  const time = Date.parse(httpDate)
  if (!Number.isNaN(time)) ahead = time - Date.now()
}

export function now() {
  return new Date(Date.now() + ahead)
}

export const moment = (text) => formats.moment.format(new Date(text))
export const second = (text) => formats.second.format(new Date(text))
export const clock = (date) => formats.clock.format(date)
export const monthName = () => formats.month.format(now())

/** Today as `2026-11-29`. */
export function today() {
  const parts = Object.fromEntries(formats.date.formatToParts(now()).map((part) => [part.type, part.value]))
  return `${parts.year}-${parts.month}-${parts.day}`
}

/** A day as so many others after it, by the calendar alone. */
export function dayAfter(day, count) {
  const date = new Date(`${day}T00:00:00Z`)
  date.setUTCDate(date.getUTCDate() + count)
  return date.toISOString().slice(0, 10)
}

/** A day such as `2026-11-29` as `29 Nov`. */
export function dayName(day) {
  const [, month, number] = day.split('-').map(Number)
  const names = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
  return `${number} ${names[month - 1]}`
}

/** How many days the month of a day has. */
export function daysInMonth(day) {
  const [year, month] = day.split('-').map(Number)
  return new Date(Date.UTC(year, month, 0)).getUTCDate()
}

/** From now to a time in words: `in 3 days`, `2 hours ago`. */
export function fromNow(text) {
  const seconds = (new Date(text) - now()) / 1000
  const units = [['day', 86_400], ['hour', 3_600], ['minute', 60], ['second', 1]]
  const [unit, length] = units.find(([, length]) => Math.abs(seconds) >= length) ?? units.at(-1)
  return new Intl.RelativeTimeFormat('en', { numeric: 'auto' }).format(Math.trunc(seconds / length), unit)
}
