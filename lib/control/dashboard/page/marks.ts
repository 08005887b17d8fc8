import type { ServerEvent } from '../../../../config/events.js'
import { open } from './details.js'
import { byId, element } from './dom.js'
import { read } from './events.js'
import { time } from './format.js'

/**
 * Shows each event as a line of the list, and those that are marks on the line of time too. Their elements stay, since
 * one may have the focus.
 */
export class Marks {
  readonly #marks = new Map<ServerEvent, HTMLButtonElement>()
  readonly #lines: HTMLElement[] = []

  clear(): void {
    for (const each of [...this.#marks.values(), ...this.#lines]) each.remove()
    this.#marks.clear()
    this.#lines.length = 0
  }

  /** @param most  how many lines the list has */
  add(event: ServerEvent, most: number): void {
    const { title, tone, sign } = read(event)
    const line = element('button', { className: tone }, element('time', {}, time(event.at)), element('span', {}, title))
    line.type = 'button'
    line.addEventListener('click', () => open(event))
    const item = element('li', {}, line)
    byId('events').prepend(item)
    this.#lines.push(item)
    if (this.#lines.length > most) this.#lines.shift()?.remove()
    if (sign === undefined) return
    const mark = element('button', { className: tone }, sign)
    mark.type = 'button'
    mark.title = `${time(event.at)} ${title}`
    mark.setAttribute('aria-label', mark.title)
    mark.addEventListener('click', () => open(event))
    this.#marks.set(event, mark)
    byId('marks').append(mark)
  }

  /** Moves the marks to where they are in a range of time, and drops those before it. In milliseconds. */
  place(from: number, to: number): void {
    for (const [event, mark] of this.#marks) {
      if (event.at < from) {
        mark.remove()
        this.#marks.delete(event)
      } else mark.style.left = `${Math.min(100, ((event.at - from) / (to - from)) * 100)}%`
    }
  }

  /** When and of what tone they are, for the charts. */
  get all(): { at: number; tone: string }[] {
    return [...this.#marks.keys()].map(event => ({ at: event.at, tone: read(event).tone }))
  }
}
