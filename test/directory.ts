import t from 'tap'
import { importTests } from './helpers/import-tests.js'

// `node dist/test/directory.js gateway` runs the test files of that directory in one process.

const [directory = ''] = process.argv.splice(2, 1)
await importTests(directory)

// The limit of one file would else be that of all. Whoever starts this process has one for it.
t.setTimeout(0)
