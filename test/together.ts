import t from 'tap'
import { importTests, testFilesIn } from './helpers/test-files.js'

// `node dist/test/together.js gateway` runs the test files of that directory in one process; `process 3/20` runs every
// 20th, from the third one on. (tap puts the arguments into the names of directories, so they are short.)

const [directory = '', share = '1/1'] = process.argv.splice(2)
const [first = 1, step = 1] = share.split('/').map(Number)
await importTests(testFilesIn(directory).filter((_, index) => index % step === first - 1))

// The limit of one file would else be that of all. Whoever starts this process has one for it.
t.setTimeout(0)
