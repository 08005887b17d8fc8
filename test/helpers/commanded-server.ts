/**
 * The command `unicorn`, but its arbiter also takes commands: `node commanded-server.js node unicorn ARGUMENTS...`. It
 * listens at $CONTROL: POST gives a command, as JSON, and is answered with the outcome; GET is answered with the
 * snapshot. A response's head says that the command is in the queue. The process ends only when every command has its
 * outcome.
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import { resolveConfig } from '../../config/resolve.js'
import { readCommandLine } from '../../config/sources/cli.js'
import { Arbiter } from '../../lib/arbiter/arbiter.js'
import { root } from './root.js'

/** How many arguments come before those of `unicorn`: Node, this script, Node and `unicorn`. */
const PREFIX = 4
const argv = process.argv.slice(PREFIX)
const sources = { argv, env: process.env, cwd: process.cwd() }
const line = readCommandLine(argv)
if (line.kind === 'answer') throw new Error('no server was asked for')
const reconfigure = () => resolveConfig(sources, line)
const arbiter = new Arbiter(await reconfigure(), {
  exec: `${root}dist/bin/worker.cjs`,
  version: '1.2.3',
  commandLine: { ...sources, argv: process.argv },
  reconfigure,
})

const control = createServer(async (req, res) => {
  const answer = req.method === 'GET' ? arbiter.snapshot : arbiter.request(JSON.parse(await text(req)))
  res.flushHeaders()
  res.end(JSON.stringify(await answer))
})
// A successor has the same environment.
const isFirst = process.env.UNICORN_PID === undefined
if (isFirst) await once(control.listen(process.env.CONTROL), 'listening')
const code = await arbiter.run()
if (isFirst) await once(control.close(), 'close')
process.exit(code)
