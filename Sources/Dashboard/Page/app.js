// The page: who is signed in, which view is shown, and when it is read again.

import * as api from './api.js'
import { Refusal } from './api.js'
import { tell } from './dialogs.js'
import { h, keepFocus } from './dom.js'
import { faultText } from './tables.js'
import { clock, now, setZone, zoneName } from './times.js'
import * as alerts from './alerts.js'
import * as audit from './audit.js'
import * as cache from './cache.js'
import * as insights from './insights.js'
import * as keys from './keys.js'
import * as overview from './overview.js'
import * as requests from './requests.js'
import * as simulate from './simulate.js'
import * as statements from './statements.js'
import * as team from './team.js'
import * as teams from './teams.js'
import * as unconfirmed from './unconfirmed.js'

/** In the order of the navigation: the segment in the address, the title, the module, and what one thing of it shows. */
const views = [
  ['', 'Overview', overview],
  ['teams', 'Teams', teams, team],
  ['insights', 'Why not more', insights],
  ['unconfirmed', 'Outcome unknown', unconfirmed],
  ['requests', 'Requests', requests],
  ['keys', 'Keys', keys],
  ['cache', 'Cache', cache],
  ['statements', 'Statements', statements],
  ['simulate', 'What if', simulate],
  ['alerts', 'Alerts', alerts],
  ['audit', 'Audit', audit]
]
const roles = ['viewer', 'operator', 'admin']
const refreshMilliseconds = 60_000
const retryMilliseconds = 5_000

const main = document.getElementById('main')
const top = document.getElementById('top')
let caller = null
/** The number of the latest reading; an answer to an older one is dropped. */
let reading = 0
let readAt = 0
/** Something of the view could not be read: it is tried again until it can. */
let isTroubled = false

/** Whether the token may do what needs a role. What it may not do is not offered; the gateway refuses it all the same. */
const may = (role) => roles.indexOf(caller?.role) >= roles.indexOf(role)

/** Reads the status, which also tells whose token it is and which zone's days count. */
async function status() {
  const answer = await api.get('/status')
  caller = answer.token
  setZone(answer.time_zone)
  return answer
}

// Views

function route() {
  const [segment = '', id] = location.hash.replace(/^#\/?/, '').split('/')
  const view = views.find(([name]) => name === segment) ?? views[0]
  const decoded = id ? safelyDecoded(id) : null
  return { view, module: decoded && view[3] ? view[3] : view[2], id: decoded }
}

function safelyDecoded(text) {
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}

/** Reads the view that the address names and shows it. `isNew`: it is not the one on the screen. */
async function show(isNew) {
  if (!api.isSignedIn()) return
  const number = (reading += 1)
  const { view, module, id } = route()
  drawNavigation(view)
  if (isNew) {
    document.title = `${view[1]} · Tollgate`
    main.setAttribute('aria-busy', 'true')
  }
  try {
    const content = await module.show({ id, isNew, may, status, refresh: () => show(false) })
    if (number !== reading) return
    if (isNew) main.replaceChildren(content)
    // A view that draws itself anew is there already.
    else if (content.parentElement !== main) keepFocus(main, () => main.replaceChildren(content))
    if (isTroubled && !hasFault()) tell('All of it can be read again.')
    isTroubled = hasFault()
    drawAsOf()
  } catch (fault) {
    if (!(fault instanceof Refusal)) throw fault
    if (number !== reading || fault.status === 401) return
    if (isNew || main.childElementCount === 0) main.replaceChildren(h('div', { class: 'panel' }, faultText(fault)))
    // Told once, not at each attempt.
    if (isNew || !isTroubled) tell(fault.message, 'alert')
    isTroubled = fault.isPassing
  } finally {
    readAt = Date.now()
    if (number === reading) main.removeAttribute('aria-busy')
  }
}

const hasFault = () => main.querySelector('.fault.passing') !== null

function drawNavigation(current) {
  const links = views.map((view) => {
    const [name, title] = view
    return h('a', { href: `#/${name}`, 'aria-current': view === current ? 'page' : null }, title)
  })
  const bar = document.getElementById('views')
  bar.replaceChildren(...links)
  // Where not all of them fit, the one that is shown is in sight.
  const shown = links[views.indexOf(current)]
  bar.scrollLeft = shown.offsetLeft - bar.offsetLeft - (bar.clientWidth - shown.offsetWidth) / 2
  document.getElementById('session').replaceChildren(
    h('bdi', { class: 'who', title: `Role ${caller?.role}` }, caller ? `${caller.name} · ${caller.role}` : ''),
    h('button', { type: 'button', class: 'quiet', onclick: () => show(false) }, 'Refresh'),
    h('button', { type: 'button', class: 'quiet', onclick: () => api.signOut('Signed out.') }, 'Sign out')
  )
}

function drawAsOf() {
  const zone = zoneName()
  document.getElementById('asof').replaceChildren(
    'As of ',
    h('time', { datetime: now().toISOString() }, clock(now())),
    `. Days and times are those of ${zone} (budgets.time_zone).`
  )
}

// Signing in

function drawSignIn(reason) {
  reading += 1
  // A secret in one goes with it.
  for (const dialog of document.querySelectorAll('dialog')) dialog.close()
  top.hidden = true
  document.title = 'Tollgate'
  document.getElementById('asof').replaceChildren()
  const fault = h('p', { class: 'fault', role: 'alert' }, reason ?? '')
  const button = h('button', { type: 'submit', class: 'primary' }, 'Sign in')
  const token = h('input', {
    id: 'token', name: 'token', type: 'password', autocomplete: 'off', spellcheck: 'false', required: true,
    'aria-describedby': 'token-hint'
  })
  const keeps = h('input', { id: 'keeps', type: 'checkbox' })
  const form = h(
    'form',
    { class: 'sign-in panel', onsubmit: submit },
    h('h1', {}, 'Tollgate'),
    h('div', { class: 'field' }, h('label', { for: 'token' }, 'Admin token'), token,
      h('p', { class: 'hint', id: 'token-hint' }, 'One of admin.tokens in the configuration. The demo prints its own.')),
    h('div', { class: 'choice' }, keeps, h('label', { for: 'keeps' }, 'Keep it in this tab, over a reload')),
    fault,
    button
  )
  async function submit(event) {
    event.preventDefault()
    button.disabled = true
    fault.textContent = ''
    await enter(token.value.trim(), keeps.checked, (text) => {
      fault.textContent = text
      button.disabled = false
      token.focus()
    })
  }
  main.replaceChildren(form)
  token.focus()
}

async function enter(text, keeps, refuse) {
  // Anything else could not be sent as a field.
  if (!/^[\x21-\x7e]+$/.test(text)) return refuse('A token has visible ASCII characters only.')
  api.whenForgotten(refuse)
  api.signIn(text, false)
  try {
    await status()
  } catch (fault) {
    if (api.isSignedIn()) api.signOut(fault.message)
    return
  }
  api.whenForgotten(drawSignIn)
  api.signIn(text, keeps)
  top.hidden = false
  await show(true)
  main.focus({ preventScroll: true })
}

// What happens by itself: nothing while the tab is hidden.

function tick() {
  api.forgetIfIdle()
  const isBusy = document.querySelector('dialog[open]') !== null
  if (document.visibilityState !== 'visible' || !api.isSignedIn() || isBusy) return
  const age = Date.now() - readAt
  const isOverview = route().view[0] === ''
  // What is read when it is scrolled to may fail later than the view.
  isTroubled ||= hasFault()
  if ((isOverview && age >= refreshMilliseconds) || (isTroubled && age >= retryMilliseconds)) show(false)
}

for (const event of ['pointerdown', 'keydown', 'wheel']) addEventListener(event, api.touch, { passive: true })
addEventListener('hashchange', () => {
  show(true)
  scrollTo(0, 0)
})
document.addEventListener('visibilitychange', tick)
setInterval(tick, 5000)
document.querySelector('a.skip').addEventListener('click', (event) => {
  event.preventDefault()
  main.focus()
})
addEventListener('unhandledrejection', (event) => tell(`The page failed: ${event.reason?.message}. Reload it.`, 'alert'))

const kept = api.keptToken()
if (kept) enter(kept, true, drawSignIn)
else drawSignIn()
