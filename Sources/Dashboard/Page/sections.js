// Parts of a view that are read when somebody scrolls to them, and not before.

import { Refusal } from './api.js'
import { h, keepFocus } from './dom.js'
import { faultPanel } from './tables.js'

/** One part; its element stays the same while its content is drawn anew. */
class Section {
  #draw
  #readAt = -Infinity
  #isReading = false

  constructor(title, requests, draw) {
    this.title = title
    /** How many requests reading it takes. */
    this.requests = requests
    this.isSeen = false
    this.#draw = draw
    this.element = h('div', { class: 'section' }, waiting(title))
  }

  /** When it was read, for an order; what is known to be wrong or out of date comes before all others. */
  get order() {
    return this.element.querySelector('.fault.passing') ? -Infinity : this.#readAt
  }

  expire() {
    this.#readAt = -Infinity
  }

  get isRead() {
    return this.#readAt > -Infinity
  }

  async read() {
    if (this.#isReading) return
    this.#isReading = true
    this.#readAt = Date.now()
    try {
      const content = await this.#draw(this)
      keepFocus(this.element, () => this.element.replaceChildren(content))
    } catch (fault) {
      if (!(fault instanceof Refusal)) throw fault
      this.element.replaceChildren(faultPanel(this.title, fault))
    } finally {
      this.#isReading = false
    }
  }
}

/** What stands in the place of a part that was not read yet: as high as most of them, so that little moves. */
const waiting = (title) => h('section', { class: 'panel waiting' }, h('header', {}, h('h2', {}, title)))

/** The parts of one view, each read when it comes into sight. */
export class Sections {
  #all = []
  #observer

  constructor() {
    this.#observer = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) {
        const section = this.#all.find(({ element }) => element === target)
        section.isSeen = isIntersecting
        if (isIntersecting && !section.isRead) section.read()
      }
    })
  }

  /** Answers the element of a part. `draw(section)` reads it and answers its content. */
  add(title, requests, draw) {
    const section = new Section(title, requests, draw)
    this.#all.push(section)
    this.#observer.observe(section.element)
    return section.element
  }

  /** Reads parts in sight again, those first that were read longest ago, as long as they take no more than `requests`. */
  async refresh(requests) {
    let left = requests
    const due = this.#all.filter(({ isSeen }) => isSeen).sort((one, other) => (one.order < other.order ? -1 : 1))
    const readings = []
    for (const section of due) {
      if (section.requests > left) continue
      left -= section.requests
      readings.push(section.read())
    }
    await Promise.all(readings)
  }

  /** None of them is read any more. */
  end() {
    this.#observer.disconnect()
    this.#all = []
  }
}
