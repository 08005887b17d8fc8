import type { ServerEvent } from '../../../../config/events.js'

/** What an event is to a reader. Those with a sign are marks in the charts. */
export interface Reading {
  readonly title: string
  readonly tone: 'plain' | 'good' | 'warn' | 'bad'
  readonly sign?: string
}

/** Results of commands that have not done what was asked for. */
const FAILURES: ReadonlySet<string> = new Set(['failed', 'refused'])

/** Says what has happened. An event of a later release has its type as its title. */
export function read(event: ServerEvent): Reading {
  switch (event.type) {
    case 'worker-exited':
      return exit(event)
    case 'worker-hung':
      return { title: `Worker ${event.worker} hung`, tone: 'bad', sign: 'H' }
    case 'hang-report':
      return { title: event.report, tone: 'bad', sign: 'H' }
    case 'worker-killed':
      return { title: `Worker ${event.worker} killed: it did not end in time`, tone: 'warn', sign: '!' }
    case 'too-much-memory':
      return { title: `Worker ${event.worker} uses too much memory`, tone: 'warn', sign: '!' }
    case 'back-off':
      return { title: `Crash loop: worker ${event.worker} starts in ${event.pause} ms`, tone: 'bad', sign: 'C' }
    case 'reload-began':
      return { title: `Reload: generation ${event.generation} starts`, tone: 'plain', sign: 'R' }
    case 'outcome':
      return outcome(event)
    case 'upgraded':
      return { title: 'Upgraded: the arbiter before this one is gone', tone: 'good', sign: 'U' }
    case 'worker-ready':
      return { title: `Worker ${event.worker} ready`, tone: 'plain' }
    case 'state':
      return { title: `Server ${event.state}`, tone: 'plain' }
    default:
      return { title: String((event as { readonly type: unknown }).type), tone: 'plain' }
  }
}

function exit({ worker, reason, expected }: ServerEvent & { readonly type: 'worker-exited' }): Reading {
  const title = `Worker ${worker} gone: ${reason}`
  if (expected) return { title, tone: 'plain' }
  return { title, tone: 'bad', sign: reason === 'hung' ? 'H' : 'C' }
}

function outcome({ command, result }: ServerEvent & { readonly type: 'outcome' }): Reading {
  const title = `${command[0]?.toUpperCase()}${command.slice(1)}: ${result}`
  if (FAILURES.has(result)) return { title, tone: 'bad', sign: '!' }
  return command === 'reload' || command === 'upgrade' ? { title, tone: 'good', sign: 'R' } : { title, tone: 'plain' }
}
