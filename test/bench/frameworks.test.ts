import t from 'tap'
import { atEnd } from '../helpers/at-end.js'
import { asyncNode, schedNone } from './contestants.js'
import { Servers } from './servers.js'

const servers = new Servers(new AbortController().signal)

for (const app of ['express', 'fastify'] as const) {
  t.test(`${app}: whoever serves it, the answer is the same`, async t => {
    atEnd(t, () => servers.stopAll())
    const answers: unknown[] = []
    for (const lane of [asyncNode, schedNone]) {
      answers.push(await servers.with([lane, app, 1], ({ url }) => answer(url)))
    }
    t.match(answers[0], { status: 200, body: 'Hello, world!' })
    t.same(answers[0], answers[1])
  })
}

async function answer(url: string): Promise<object> {
  const response = await fetch(url, { headers: { connection: 'close' } })
  const { date: _, ...headers } = Object.fromEntries(response.headers)
  return { status: response.status, headers, body: await response.text() }
}
