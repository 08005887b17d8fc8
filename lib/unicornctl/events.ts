import type { ServerEvent } from '../../config/events.js'
import type { Call } from './command.js'
import { eventText } from './show.js'
import { readStatus } from './status.js'

/** Prints the last events, and with `--follow` those to come; in an upgrade those of the new arbiter. */
export async function showEvents({ client, options, surroundings }: Call): Promise<undefined> {
  const isEndless = options.has('follow')
  let seen = { pid: 0, id: 0 }
  do {
    const { pid } = await readStatus(client)
    // Each arbiter counts its own.
    if (pid !== seen.pid) seen = { pid, id: 0 }
    for await (const line of linesOf(client.stream(isEndless ? '/events?follow' : '/events'))) {
      if (line === '') continue
      const event = JSON.parse(line) as ServerEvent
      if (event.id <= seen.id) continue
      seen.id = event.id
      await surroundings.print(options.has('json') ? `${line}\n` : eventText(event))
    }
  } while (isEndless)
}

/** Joins pieces, and gives the lines of the whole. */
async function* linesOf(pieces: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const piece of pieces) {
    const lines = `${rest}${decoder.decode(piece, { stream: true })}`.split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
}
