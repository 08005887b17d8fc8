import type { ServerEvent } from '../../../../config/events.js'
import { byId, element } from './dom.js'
import { read } from './events.js'
import { time } from './format.js'

/** What is said elsewhere. */
const APART: ReadonlySet<string> = new Set(['id', 'at', 'type', 'stack', 'report'])

/** Opens what an event carries, the reason and the stack among it. The browser closes it by Escape. */
export function open(event: ServerEvent): void {
  const facts = Object.entries(event).filter(([name, value]) => !APART.has(name) && value !== undefined)
  byId('details-title').textContent = read(event).title
  byId('details-time').textContent = `${time(event.at)}, ${event.type}`
  byId('details-facts').replaceChildren(
    ...facts.flatMap(([name, value]) => [element('dt', {}, name), element('dd', {}, String(value))]),
  )
  byId('details-stack').textContent = 'stack' in event ? event.stack.join('\n') : ''
  const dialog = byId<HTMLDialogElement>('details')
  if (!dialog.open) dialog.showModal()
}
