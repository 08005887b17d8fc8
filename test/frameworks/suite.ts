import t from 'tap'
import { messages } from '../helpers/messages.js'
import { type Example, startExample, startPlain } from './example.js'
import { sameAsNode } from './same-as-node.js'
import * as traits from './traits.js'

export interface Expected {
  readonly pages: traits.Pages
  /** What the application prints at its end. */
  readonly closed: RegExp
}

/** What every framework is held to, with its example. */
export function holdsWhatNodeHolds(example: Example, { pages, closed }: Expected): void {
  t.test('async workers', async t => {
    const server = await startExample(t, example, { workers: 2, expectErrors: [messages.exited] })
    await t.test('the script is told where it listens', t => traits.tellsWhereItListens(t, server))
    await t.test('answers are those of plain Node, byte for byte', async t => {
      await sameAsNode(t, { served: server.target, plain: await startPlain(t, example) })
    })
    await t.test('error pages', t => traits.showsPages(t, server, pages))
    await t.test('connections are kept, by all workers', t => traits.keepsConnections(t, server))
    await t.test('the application notices clients that go away', t => traits.noticesAborts(t, server))
    await t.test('WebSockets', t => traits.echoesWebSockets(t, server))
    await t.test('a killed worker is replaced', t => traits.replacesKilled(t, server))
    await t.test('HUP loses nothing', t => traits.reloads(t, server, closed))
    await t.test('TERM: requests are answered, WebSockets closed', t => traits.closesWebSockets(t, server, closed))
  })

  t.test('sync workers', async t => {
    const server = await startExample(t, example, { workers: 2, args: ['--worker-class', 'sync'] })
    await t.test('the script is told where it listens', t => traits.tellsWhereItListens(t, server))
    await t.test('answers are those of plain Node, byte for byte', async t => {
      await sameAsNode(t, { served: server.target, plain: await startPlain(t, example) })
    })
    await t.test('the application notices clients that go away', t => traits.noticesAborts(t, server))
    await t.test('one request at a time, and no WebSocket', t => traits.servesOneAtATime(t, server))
    await t.test('TERM: requests are answered', t => traits.answersBeforeItStops(t, server, closed))
  })
}
