import type { ProcessFigures } from '../../../../config/hooks.js'
import type { Now, WorkerRow } from '../messages.js'
import { byId, element } from './dom.js'
import { age, bytes, count, share } from './format.js'

/** Fills the table of workers. */
export function showWorkers({ at, workers }: Now): void {
  byId('workers').replaceChildren(
    ...workers.flatMap(worker => [
      row('', cellsOf(worker, at)),
      ...(worker.processes ?? []).map(each => row('process', cellsOfProcess(each, at))),
    ]),
  )
}

function row(className: string, cells: readonly string[]): HTMLElement {
  return element('tr', { className }, ...cells.map(text => element('td', {}, text)))
}

function cellsOf({ index, pid, state, reason, since, requests, inFlight, rss, utilisation }: WorkerRow, at: number) {
  return [
    String(index),
    String(pid ?? '–'),
    reason === undefined ? state : `${state}: ${reason}`,
    age(at - since),
    count(requests),
    count(inFlight),
    bytes(rss),
    share(utilisation),
  ]
}

function cellsOfProcess({ index, pid, state, since, requests, busy, rss }: ProcessFigures, at: number): string[] {
  return [`Python ${index}`, String(pid || '–'), state, age(at - since), count(requests), count(busy), bytes(rss), '–']
}
