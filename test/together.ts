import t from 'tap'
import { importTests, LIMIT, testFilesIn } from './helpers/test-files.js'

// `node dist/test/together.js gateway` runs the test files of that directory in one process; `process 3/20` runs every
// 20th, from the third one on. (tap puts the arguments into the names of directories, so they are short.)

const [directory = '', share = '1/1'] = process.argv.splice(2)
const [first = 1, step = 1] = share.split('/').map(Number)
await importTests(testFilesIn(directory).filter((_, index) => index % step === first - 1))

// In place of the limit of one file. tap takes it over in the process that has started this one.
t.setTimeout(LIMIT)
