import { importTests } from './helpers/import-tests.js'

// `node dist/test/directory.js gateway` runs the test files of that directory in one process.

const [directory = ''] = process.argv.splice(2, 1)
await importTests(directory)
