import t from 'tap'
import { importTests, testFilesIn } from '../../helpers/test-files.js'

// Runs the suite of the gateway on the native engine, on sockets of node:net in place of bare handles. By hand:
// `node dist/test/gateway/fuzz.test.js native-sockets`.

process.argv[2] = 'native-sockets'
await importTests(testFilesIn('gateway'))

// Milliseconds for all files.
t.setTimeout(240_000)
