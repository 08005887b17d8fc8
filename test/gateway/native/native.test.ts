import t from 'tap'
import { importTests, testFilesIn } from '../../helpers/test-files.js'

// Runs the suite of the gateway on the native engine. By hand: `node dist/test/gateway/fuzz.test.js native`.

process.argv[2] = 'native'
await importTests(testFilesIn('gateway'))

// Milliseconds for all files.
t.setTimeout(240_000)
