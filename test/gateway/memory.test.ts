import { readdirSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'

// Runs the suite of the gateway a second time, on an engine without sockets and without node:http: the gateway depends
// on what lib/http/exchange.ts says, and on nothing else. By hand: `node dist/test/gateway/fuzz.test.js memory`.

const self = fileURLToPath(import.meta.url)
const directory = dirname(self)
const files = readdirSync(directory).filter(name => name.endsWith('.test.js') && name !== basename(self))

// Milliseconds for all files, one after the other; each has its own limit.
t.setTimeout(600_000)

for (const file of files) t.spawn(process.execPath, [join(directory, file), 'memory'], {}, file)
