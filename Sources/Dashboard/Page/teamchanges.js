// Making, changing and deleting teams of the gateway's store.

import * as api from './api.js'
import { ask, tell } from './dialogs.js'
import { exact } from './numbers.js'

export async function newTeam() {
  const id = await ask({
    title: 'New team',
    effect: 'Makes a team in the gateway’s store. It can spend once it has a key.',
    verb: 'Make the team',
    fields: [
      { label: 'Id', name: 'id', required: true, hint: 'Letters, digits, dots, hyphens and underscores; it stays.' },
      { label: 'Name', name: 'name' },
      { label: 'Account', name: 'account', value: 'default', required: true, hint: 'The account at the vendor that it spends from.' },
      { label: 'Credits a month', name: 'credits', inputmode: 'decimal', hint: 'Empty for no limit of its own.' }
    ],
    action: async ({ id, name, account, credits }) => {
      const budgets = credits.trim() ? [{ window: 'month', credits: exact(credits) }] : []
      await api.post('/teams', { id: id.trim(), ...(name && { name }), account: account.trim(), budgets })
      return id.trim()
    }
  })
  if (!id) return
  tell(`Team ${id} is there. Issue a key for it next.`)
  location.hash = `#/teams/${encodeURIComponent(id)}`
}

const scopes = [['', 'as cache.scope says'], ['organization', 'all teams'], ['team', 'this team alone']]

export async function changeTeam(team, refresh) {
  const orNull = (text, read) => (text.trim() ? read(text) : null)
  const done = await ask({
    title: `Change ${team.id}`,
    effect: 'It counts from the next request on. What was spent stays spent; another account has other documents and other results.',
    verb: 'Change it',
    fields: [
      { label: 'Name', name: 'name', value: team.name },
      { label: 'Account', name: 'account', value: team.account, required: true, hint: 'The account at the vendor that it spends from.' },
      { label: 'Requests a second', name: 'rate', inputmode: 'decimal', value: team.requests_per_second, hint: 'Empty for no limit.' },
      { label: 'Requests at once', name: 'concurrency', inputmode: 'numeric', value: team.max_concurrency, hint: 'Empty for no limit.' },
      { label: 'Models', name: 'models', value: team.models?.join(', '), hint: 'With commas between; empty for all.' },
      { label: 'Its results serve', name: 'scope', options: scopes, value: team.cache_scope ?? '' }
    ],
    action: ({ name, account, rate, concurrency, models, scope }) =>
      api.patch(api.path('teams', team.id), {
        ...(name !== (team.name ?? '') && { name }),
        ...(account.trim() !== team.account && { account: account.trim() }),
        requests_per_second: orNull(rate, exact),
        max_concurrency: orNull(concurrency, exact),
        models: orNull(models, (text) => text.split(',').map((model) => model.trim()).filter(Boolean)),
        cache_scope: scope || null
      }).then(() => true)
  })
  if (!done) return
  tell(`${team.id} is changed.`)
  refresh()
}

export async function deleteTeam(team) {
  const done = await ask({
    title: `Delete ${team.id}?`,
    effect: 'Its keys stop working at once, and its budgets and grants are gone. What it spent stays in the reports and in the ledger. It cannot be taken back.',
    verb: 'Delete the team',
    danger: true,
    action: () => api.remove(api.path('teams', team.id)).then(() => true)
  })
  if (!done) return
  tell(`${team.id} is deleted.`)
  location.hash = '#/teams'
}
