import type { ServerEvent } from '../../config/events.js'
import type { Call } from './command.js'
import { CtlExit, Failure } from './failure.js'
import { eventText } from './show.js'

/** Prints the last events as they come; with `--follow` until the server ends. */
export async function showEvents({ client, options, surroundings }: Call): Promise<undefined> {
  const isEndless = options.has('follow')
  for await (const line of linesOf(client.stream(isEndless ? '/events?follow' : '/events'))) {
    if (line !== '')
      await surroundings.print(options.has('json') ? `${line}\n` : eventText(JSON.parse(line) as ServerEvent))
  }
  if (isEndless) throw new Failure(`the server at ${client.path} has closed the stream of events`, CtlExit.noServer)
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
