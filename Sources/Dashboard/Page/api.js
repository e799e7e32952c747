// The admin API. The token is in memory, in the tab's storage only if asked for, and in no address.

import { jsonText, parseExact } from './numbers.js'
import { setNow } from './times.js'

const storageName = 'tollgate-token'
const idleMillisecondsMax = 30 * 60 * 1000

let token = null
let usedAt = 0
let onForgotten = () => {}

/** What the gateway refused, or why it could not be asked. */
export class Refusal extends Error {
  constructor(status, code, message) {
    super(message)
    this.status = status
    this.code = code
    /** Whether it may go away by itself. */
    this.isPassing = status === 0 || status >= 500
  }
}

/** Takes a token; `keeps` keeps it for this tab, over a reload. */
export function signIn(text, keeps) {
  token = text
  touch()
  if (keeps) sessionStorage.setItem(storageName, text)
}

/** Forgets the token; `reason` is told to who has to show it again. */
export function signOut(reason) {
  token = null
  sessionStorage.removeItem(storageName)
  onForgotten(reason)
}

/** The token that this tab kept, if it did. */
export const keptToken = () => sessionStorage.getItem(storageName)

export const isSignedIn = () => token !== null

export function whenForgotten(action) {
  onForgotten = action
}

/** Somebody is there: the token is kept for another half an hour. */
export function touch() {
  usedAt = Date.now()
}

/** Forgets the token if nobody was there for half an hour. */
export function forgetIfIdle() {
  if (token !== null && Date.now() - usedAt >= idleMillisecondsMax) {
    signOut('Nobody was here for 30 minutes, so the token was forgotten.')
  }
}

async function call(method, path, { query = {}, body, headers = {} }) {
  const parameters = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== '')
  const search = new URLSearchParams(parameters).toString()
  const request = {
    method,
    headers: { Authorization: `Bearer ${token}`, ...headers },
    cache: 'no-store',
    // Of a proxy that asks who people are; the gateway has no cookies.
    credentials: 'same-origin',
    redirect: 'error'
  }
  if (body !== undefined) request.body = jsonText(body)
  const address = `admin/v1${path}${search && `?${search}`}`
  let reply, text
  try {
    reply = await fetch(address, request)
    text = await reply.text()
  } catch {
    throw new Refusal(0, 'unreachable', 'The gateway does not answer. It may be restarting; this page tries again.')
  }
  setNow(reply.headers.get('Date'))
  if (reply.ok) return text
  let error = {}
  try {
    error = JSON.parse(text)
  } catch {
    // Something in between answered; its status is all there is.
  }
  const message = error.message ?? `The answer was ${reply.status}, and not the gateway's.`
  if (reply.status === 401 && token !== null) signOut('The gateway does not know this token, or does no longer.')
  throw new Refusal(reply.status, error.error ?? '', message)
}

/** Segments of a path, each encoded. */
export function path(...segments) {
  return segments.map((segment) => `/${encodeURIComponent(segment)}`).join('')
}

async function read(method, at, options) {
  const text = await call(method, at, options)
  return text === '' ? null : parseExact(text)
}

export const get = (at, query) => read('GET', at, { query })
export const post = (at, body, headers) => read('POST', at, { body, headers })
export const put = (at, body) => read('PUT', at, { body })
export const patch = (at, body) => read('PATCH', at, { body })
export const remove = (at, query) => read('DELETE', at, { query })

/** A list, page by page: its first rows, and `next`, which reads the page behind them; null on the last one. */
export function list(at, query = {}, made = (item) => item) {
  const page = async (cursor) => {
    const answer = await get(at, { limit: 100, ...query, cursor })
    return { rows: answer.items.map(made), next: answer.next_cursor === null ? null : () => page(answer.next_cursor) }
  }
  return page()
}

/** Several requests at once, each with its outcome: `{value}` or `{fault}`. */
export async function all(requests) {
  const names = Object.keys(requests)
  const outcomes = await Promise.allSettled(Object.values(requests))
  return Object.fromEntries(
    outcomes.map((outcome, index) => [
      names[index],
      outcome.status === 'fulfilled' ? { value: outcome.value } : { fault: outcome.reason }
    ])
  )
}
