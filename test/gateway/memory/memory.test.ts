import t from 'tap'
import { importTests, testFilesIn } from '../../helpers/test-files.js'

// Runs the suite of the gateway a second time, on an engine without sockets and without node:http: the gateway depends
// on what lib/http/exchange.ts says, and on nothing else. By hand: `node dist/test/gateway/fuzz.test.js memory`.

process.argv[2] = 'memory'
await importTests(testFilesIn('gateway'))

// Milliseconds for all files.
t.setTimeout(120_000)
