import { readdirSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'

// Runs the suite of the gateway a second time, on an engine without sockets and without node:http: the gateway depends
// on what lib/http/exchange.ts says, and on nothing else. By hand: `node dist/test/gateway/fuzz.test.js memory`.

const self = fileURLToPath(import.meta.url)

// As on that command line, but all files in this process: it takes longer to start one than to run most of them.
process.argv[2] = 'memory'
for (const file of readdirSync(dirname(self))) {
  if (file.endsWith('.test.js') && file !== basename(self)) await import(`./${file}`)
}

// Milliseconds for all files.
t.setTimeout(120_000)
