// Credits have up to six decimals and go up to 9e12, which is more digits than a double keeps. So a number stays the text
// that the API sent, and sums are made in whole micro-credits.

const microsInCredit = 1_000_000n

/** Reads JSON; each number becomes its own text. */
export function parseExact(text) {
  const tokens = /("[^"\\]*(?:\\.[^"\\]*)*")|-?\d[\d.eE+-]*/g
  return JSON.parse(text.replace(tokens, (token, string) => string ?? `"${token}"`))
}

/** The micro-credits of an amount, as a BigInt. */
export function micros(text) {
  const parts = /^(-?)(\d+)(?:\.(\d{1,6}))?$/.exec(text)
  if (!parts) throw new TypeError(`no amount of credits: ${text}`)
  const value = BigInt(parts[2]) * microsInCredit + BigInt((parts[3] ?? '').padEnd(6, '0'))
  return parts[1] ? -value : value
}

/** Micro-credits as the API writes them: no more decimals than needed. */
export function amountText(value) {
  const size = value < 0n ? -value : value
  const decimals = String(size % microsInCredit).padStart(6, '0').replace(/0+$/, '')
  return `${value < 0n ? '-' : ''}${size / microsInCredit}${decimals && `.${decimals}`}`
}

/** A number for people: the same digits, in groups of three. */
export function grouped(text) {
  const [whole, decimals] = String(text).split('.')
  const groups = whole.replace(/\B(?=(\d{3})+$)/g, ',').replace(/^-/, '−')
  return decimals === undefined ? groups : `${groups}.${decimals}`
}

export function sum(amounts) {
  return amounts.reduce((total, amount) => total + amount, 0n)
}

/** A share in percent with one decimal, rounded down, so that 100 % means all; null of nothing. */
export function percent(part, whole) {
  if (whole <= 0n) return null
  const tenths = (part * 1000n) / whole
  return `${grouped(tenths / 10n)}.${tenths % 10n} %`
}

/** A share as a fraction for drawing; at most 1. */
export function fraction(part, whole) {
  if (whole <= 0n) return part > 0n ? 1 : 0
  return Math.min(1, Math.max(0, Number((part * 10_000n) / whole) / 10_000))
}

/** A number to be sent as it was typed. */
class Exact {
  constructor(text) {
    this.text = text
  }
}

/** What somebody typed as an amount of credits; fails with what to do. */
export function exact(typed) {
  const text = typed.replaceAll(/[\s,]/g, '')
  if (!/^\d+(\.\d{1,6})?$/.test(text)) throw new TypeError('Credits are a number of 0 or more, with at most six decimals.')
  return new Exact(text.replace(/^0+(?=\d)/, ''))
}

/** JSON with numbers as they were typed. */
export function jsonText(value) {
  if (value instanceof Exact) return value.text
  if (Array.isArray(value)) return `[${value.map(jsonText).join(',')}]`
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  const members = Object.entries(value).filter(([, member]) => member !== undefined)
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${jsonText(member)}`).join(',')}}`
}
