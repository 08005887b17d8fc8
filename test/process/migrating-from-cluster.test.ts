import { readFileSync } from 'node:fs'
import t from 'tap'
import { testdir } from '../helpers/at-end.js'
import { Client } from '../helpers/http.js'
import { root } from '../helpers/root.js'
import { startServer } from '../helpers/server.js'

const page = readFileSync(`${root}docs/migrating-from-cluster.md`, 'utf8')
const examples = Object.fromEntries(
  [...page.matchAll(/```js\n\/\/ (\S+)\n([\s\S]*?)```/g)].map(([, name = '', code = '']) => [name, code]),
)

for (const spec of ['before.cjs', 'after.cjs']) {
  t.test(`the code of the page: ${spec}`, async t => {
    const server = await startServer(t, { cwd: testdir(t, examples), spec, workers: 2 })
    t.match(await new Client(t, server.target).get(), { status: 200, body: /^worker \d\n$/ })
  })
}
